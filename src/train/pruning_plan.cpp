// SPDX-License-Identifier: LGPL-2.1-or-later
// Greedy: the cheapest step, again and again; with several ideas of what is cheap where there are
// two limits.
#include "train/pruning_plan.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace jetsoncaption {
namespace {

constexpr int kLeastShare = 8;  // one of so many channels stays

// What bytes count beside multiply-adds, in tenths. Channels of the decoder are bytes above all,
// those of the first blocks multiply-adds: what both limits leave room for is found by trying.
constexpr int kTenths = 10;

// Of one width the channels by importance, and how many of the most important ones are left.
struct Order {
  std::vector<int> channels;  // least important first
  std::vector<double> sums;   // sums[n]: of the importance of the first n
  int size = 0;
  int least = 0;  // that must be left

  double loss_of(int size_after) const {
    const size_t all = channels.size();
    return sums[all - static_cast<size_t>(size_after)] - sums[all - static_cast<size_t>(size)];
  }
};

Order order_of(const std::vector<double>& importance, int least) {
  Order order;
  order.size = static_cast<int>(importance.size());
  order.channels.resize(importance.size());
  std::iota(order.channels.begin(), order.channels.end(), 0);
  std::stable_sort(order.channels.begin(), order.channels.end(), [&](int a, int b) {
    return importance[static_cast<size_t>(a)] < importance[static_cast<size_t>(b)];
  });
  order.sums.push_back(0);
  for (const int channel : order.channels)
    order.sums.push_back(order.sums.back() + importance[static_cast<size_t>(channel)]);
  order.least = least;
  return order;
}

class Planner {
 public:
  Planner(const ModelConfig& config, int words, const std::vector<std::vector<double>>& importance,
          const PlanRules& rules, double share_of_bytes)
      : config_(config),
        words_(words),
        rules_(rules),
        share_of_bytes_(share_of_bytes),
        cost_(cost_of(config, words)) {
    for (size_t i = 0; i < importance.size(); ++i) {
      orders_.push_back(order_of(importance[i], rules.least[i]));
      sizes_.push_back(orders_.back().size);
    }
    first_cost_ = cost_;
  }

  void run() {
    while (!rules_.limit.allows(cost_) && take_cheapest()) {
    }
  }

  bool is_within_limit() const { return rules_.limit.allows(cost_); }
  double loss() const { return loss_; }

  KeptChannels kept() const {
    KeptChannels kept;
    for (const Order& order : orders_) {
      kept.emplace_back(order.channels.end() - order.size, order.channels.end());
      std::sort(kept.back().begin(), kept.back().end());
    }
    return kept;
  }

 private:
  // The share of what is too much that a step saves, summed over the limits that are exceeded.
  // Where only one of them is, its weight changes no choice.
  double saving(const ModelCost& after) const {
    const auto share = [](int64_t limit, int64_t first, int64_t before, int64_t now) {
      if (limit == 0 || before <= limit)
        return 0.0;
      return static_cast<double>(before - now) / static_cast<double>(first - limit);
    };
    return (1 - share_of_bytes_) * share(rules_.limit.caption_macs, first_cost_.caption_macs(),
                                         cost_.caption_macs(), after.caption_macs()) +
           share_of_bytes_ * share(rules_.limit.weight_bytes, first_cost_.weight_bytes,
                                   cost_.weight_bytes, after.weight_bytes);
  }

  // False when there is nothing left to take.
  bool take_cheapest() {
    double best_price = 0;
    size_t best = orders_.size();
    ModelCost best_cost;
    for (size_t i = 0; i < orders_.size(); ++i) {
      const int size = size_after_step(orders_[i]);
      if (size < orders_[i].least)
        continue;
      std::vector<int> sizes = sizes_;
      sizes[i] = size;
      const ModelConfig changed = with_sizes(config_, sizes);
      if (!have_same_layers(config_, changed))
        continue;
      const ModelCost after = cost_of(changed, words_);
      const double saved = saving(after);
      if (saved <= 0)
        continue;
      const double price = orders_[i].loss_of(size) / saved;
      if (best == orders_.size() || price < best_price) {
        best_price = price;
        best = i;
        best_cost = after;
      }
    }
    if (best == orders_.size())
      return false;
    loss_ += orders_[best].loss_of(size_after_step(orders_[best]));
    orders_[best].size = sizes_[best] = size_after_step(orders_[best]);
    cost_ = best_cost;
    return true;
  }

  int size_after_step(const Order& order) const {
    return (order.size - 1) / rules_.multiple * rules_.multiple;
  }

  const ModelConfig& config_;
  const int words_;
  const PlanRules& rules_;
  const double share_of_bytes_;
  std::vector<Order> orders_;
  std::vector<int> sizes_;  // of the orders
  ModelCost cost_;
  ModelCost first_cost_;
  double loss_ = 0;  // importance of what was taken
};

}  // namespace

bool CostLimit::allows(const ModelCost& cost) const {
  return (caption_macs == 0 || cost.caption_macs() <= caption_macs) &&
         (weight_bytes == 0 || cost.weight_bytes <= weight_bytes);
}

KeptChannels plan_pruning(const ModelConfig& config, int words,
                          const std::vector<std::vector<double>>& importance,
                          const PlanRules& rules) {
  std::optional<Planner> best;
  for (int tenths = 1; tenths < kTenths; ++tenths) {
    Planner planner(config, words, importance, rules, static_cast<double>(tenths) / kTenths);
    planner.run();
    if (!best || planner.is_within_limit() > best->is_within_limit() ||
        (planner.is_within_limit() == best->is_within_limit() && planner.loss() < best->loss()))
      best.emplace(std::move(planner));
  }
  return best->kept();
}

std::vector<int> sizes_of(const KeptChannels& kept) {
  std::vector<int> sizes;
  for (const auto& channels : kept)
    sizes.push_back(static_cast<int>(channels.size()));
  return sizes;
}

std::vector<int> least_sizes(const ModelConfig& config, int multiple) {
  std::vector<int> least;
  for (const Width& width : widths_of(config)) {
    const int share = (width.size + kLeastShare - 1) / kLeastShare;
    least.push_back((share + multiple - 1) / multiple * multiple);
  }
  return least;
}

ModelCost smallest_cost(const ModelConfig& config, int words, int multiple) {
  std::vector<std::vector<double>> importance;
  for (const Width& width : widths_of(config))
    importance.emplace_back(static_cast<size_t>(width.size), 1.0);
  const PlanRules rules{{1, 1}, multiple, least_sizes(config, multiple)};
  const auto kept = plan_pruning(config, words, importance, rules);
  return cost_of(with_sizes(config, sizes_of(kept)), words);
}

}  // namespace jetsoncaption
