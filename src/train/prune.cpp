// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks, rounds, checkpoint, bundle.
#include "train/prune.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <thread>

#include <torch/torch.h>

#include "base/hash.h"
#include "base/same_file.h"
#include "bundle/bundle.h"
#include "torch/torch_runtime.h"
#include "torch/weights.h"
#include "train/described_pictures.h"
#include "train/importance.h"
#include "train/parameters.h"
#include "train/pruning_plan.h"
#include "train/run_folder.h"
#include "train/smaller_network.h"
#include "train/trained_bundle.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

constexpr int64_t kConfigGrows = 4096;  // at most, when it is measured and tested later
constexpr int kMostOfARound = 2;        // one of so many channels of a width, but in the last one

std::string in_millions(int64_t count) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f million", static_cast<double>(count) / 1e6);
  return text;
}

KeptChannels all_channels(const ModelConfig& config) {
  KeptChannels all;
  for (const Width& width : widths_of(config)) {
    all.emplace_back(static_cast<size_t>(width.size));
    std::iota(all.back().begin(), all.back().end(), 0);
  }
  return all;
}

class Pruning {
 public:
  Pruning(const PruneOptions& options, const Bundle& bundle, const PruneReports& reports)
      : options_(options),
        bundle_(bundle),
        reports_(reports),
        config_(bundle.config),
        words_(bundle.vocabulary.size()),
        other_bytes_(static_cast<int64_t>(bundle.vocabulary.to_text().size() +
                                          format_tags(bundle.tag_words, bundle.vocabulary).size() +
                                          format_config(bundle.config).size()) +
                     kConfigGrows),
        before_(cost_of(config_, words_)),
        kept_(all_channels(config_)) {
    limit_.caption_macs = options.macs.of(before_.caption_macs());
    if (options.bytes.is_set())
      limit_.weight_bytes = options.bytes.of(bytes_of(before_)) - other_bytes_;
  }

  // That the goals can be reached.
  Result<void> check() const {
    if (options_.bytes.is_set() && limit_.weight_bytes <= 0) {
      return Error{ErrorKind::InvalidArgument,
                   "--target-size " + std::to_string(limit_.weight_bytes + other_bytes_) +
                       " is less than the vocabulary and the other small files take, " +
                       std::to_string(other_bytes_) + " bytes; choose more"};
    }
    const ModelCost least = smallest_cost(config_, words_, options_.multiple);
    if (limit_.caption_macs > 0 && limit_.caption_macs < least.caption_macs()) {
      return unreachable("--target-macs", in_millions(limit_.caption_macs),
                         in_millions(least.caption_macs()) + " multiply-adds");
    }
    if (limit_.weight_bytes > 0 && limit_.weight_bytes < least.weight_bytes) {
      return unreachable("--target-size", std::to_string(limit_.weight_bytes + other_bytes_),
                         std::to_string(bytes_of(least)) + " bytes");
    }
    return {};
  }

  Result<PruneResult> run(const PictureReader& read) {
    NamedTensors full = fp32_tensors(bundle_.weights);
    NamedTensors tensors = full;
    if (!limit_.allows(before_)) {
      auto pruned = run_rounds(full, read);
      if (!pruned.ok())
        return pruned.error();
      tensors = std::move(pruned.value());
    } else {
      reports_.notice("The model is as small already: nothing is taken away.");
    }
    auto written = write(tensors);
    if (!written.ok())
      return written.error();
    return result();
  }

 private:
  int64_t bytes_of(const ModelCost& cost) const { return cost.weight_bytes + other_bytes_; }

  Error unreachable(const std::string& option, const std::string& wanted,
                    const std::string& least) const {
    return {ErrorKind::InvalidArgument, option + " " + wanted +
                                            " cannot be reached: the smallest "
                                            "model that " +
                                            options_.model + " can become takes " + least +
                                            "; choose at least that, or a lower --multiple"};
  }

  Result<NamedTensors> run_rounds(const NamedTensors& full, const PictureReader& read) {
    auto loaded = load_checkpoint();
    if (!loaded.ok())
      return loaded.error();
    auto pictures = read_squashed(options_.pictures, config_, read, reports_.progress);
    if (!pictures.ok())
      return pictures.error();
    torch::manual_seed(options_.seed);
    const DescribedPictures said =
        describe_pictures(pictures.value(), config_, full, bundle_.tag_words, reports_.progress);
    NamedTensors tensors = full;
    if (rounds_done_ > 0)
      tensors = smaller_network(config_, full, kept_, said, reports_.progress);
    while (rounds_done_ < options_.rounds) {
      take_away(tensors, said);
      tensors = smaller_network(config_, full, kept_, said, of_round());
      ++rounds_done_;
      const ModelCost now = cost();
      reports_.notice("Round " + std::to_string(rounds_done_) + " of " +
                      std::to_string(options_.rounds) + ": " + in_millions(now.caption_macs()) +
                      " multiply-adds, " + std::to_string(bytes_of(now)) + " bytes in int8.");
      auto saved = save_checkpoint();
      if (!saved.ok())
        return saved.error();
    }
    return tensors;
  }

  void take_away(const NamedTensors& tensors, const DescribedPictures& said) {
    const ModelConfig config = with_sizes(config_, sizes_of(kept_));
    const auto importance = channel_importance(config, tensors, said, of_round());
    PlanRules rules;
    rules.limit = limit_of_round();
    rules.multiple = options_.multiple;
    rules.least = least_sizes(config_, options_.multiple);
    for (size_t w = 0; w < kept_.size() && rounds_done_ + 1 < options_.rounds; ++w) {
      const int half = static_cast<int>(kept_[w].size()) / kMostOfARound;
      rules.least[w] = std::max(rules.least[w], half);
    }
    const KeptChannels stay = plan_pruning(config, words_, importance, rules);
    for (size_t w = 0; w < kept_.size(); ++w) {
      std::vector<int> channels;
      for (const int channel : stay[w])
        channels.push_back(kept_[w][static_cast<size_t>(channel)]);
      kept_[w] = std::move(channels);
    }
  }

  // Each round takes the same share of what there is.
  CostLimit limit_of_round() const {
    const double done = (rounds_done_ + 1.0) / options_.rounds;
    const auto between = [done](int64_t from, int64_t to) {
      if (to == 0 || done >= 1)
        return to;
      const double share = static_cast<double>(to) / static_cast<double>(from);
      return static_cast<int64_t>(static_cast<double>(from) * std::pow(share, done));
    };
    return {between(before_.caption_macs(), limit_.caption_macs),
            between(before_.weight_bytes, limit_.weight_bytes)};
  }

  ModelCost cost() const { return cost_of(with_sizes(config_, sizes_of(kept_)), words_); }

  ProgressReport of_round() const {
    const std::string round =
        "round " + std::to_string(rounds_done_ + 1) + " of " + std::to_string(options_.rounds);
    return [this, round](const std::string& what, int done, int total) {
      reports_.progress(round + ", " + what, done, total);
    };
  }

  std::string checkpoint_path() const { return options_.work + "/checkpoint-prune.json"; }

  Result<void> save_checkpoint() const {
    return write_text_file(
        checkpoint_path(),
        nlohmann::json({{"rounds", rounds_done_}, {"kept", kept_}}).dump() + "\n");
  }

  // Leaves everything as it is when there is none.
  Result<void> load_checkpoint() {
    std::ifstream file(checkpoint_path());
    if (!options_.resume || !file)
      return {};
    try {
      const auto json = nlohmann::json::parse(file);
      const auto kept = json.at("kept").get<KeptChannels>();
      const int rounds = json.at("rounds").get<int>();
      if (!fits(kept) || rounds < 1)
        return unusable("it is of another model");
      kept_ = kept;
      rounds_done_ = rounds;
    } catch (const nlohmann::json::exception& e) {
      return unusable(e.what());
    }
    return {};
  }

  // Whether these are some channels of each width of this model.
  bool fits(const KeptChannels& kept) const {
    bool fitting = kept.size() == kept_.size();
    for (size_t w = 0; fitting && w < kept.size(); ++w) {
      fitting = !kept[w].empty() && std::is_sorted(kept[w].begin(), kept[w].end()) &&
                std::adjacent_find(kept[w].begin(), kept[w].end()) == kept[w].end() &&
                kept[w].front() >= 0 && kept[w].back() < static_cast<int>(kept_[w].size());
    }
    return fitting && have_same_layers(config_, with_sizes(config_, sizes_of(kept)));
  }

  Error unusable(const std::string& reason) const {
    return {ErrorKind::CorruptModel,
            checkpoint_path() + " cannot be used (" + reason + "); begin anew in another --work"};
  }

  Result<void> write(const NamedTensors& tensors) const {
    ModelConfig config = config_of_new_weights(with_sizes(config_, sizes_of(kept_)));
    if (!options_.name.empty())
      config.name = options_.name;
    return write_bundle(options_.output, config, bundle_.vocabulary, bundle_.tag_words, tensors);
  }

  PruneResult result() const {
    PruneResult result;
    result.before = {before_, bytes_of(before_)};
    result.after = {cost(), bytes_of(cost())};
    const std::vector<int> sizes = sizes_of(kept_);
    std::vector<Width> widths = widths_of(config_);
    for (size_t w = 0; w < widths.size(); ++w) {
      if (sizes[w] < widths[w].size)
        result.changed.emplace_back(std::move(widths[w]), sizes[w]);
    }
    return result;
  }

  const PruneOptions& options_;
  const Bundle& bundle_;
  const PruneReports& reports_;
  const ModelConfig& config_;
  const int words_;
  const int64_t other_bytes_;  // of the files beside the weights
  const ModelCost before_;
  CostLimit limit_;
  KeptChannels kept_;
  int rounds_done_ = 0;
};

RunRecord record_of(const PruneOptions& options, const Bundle& bundle) {
  uint64_t weights = hash_text("");
  for (const auto& [name, view] : bundle.weights.tensors())
    weights = hash_text({static_cast<const char*>(view.data), view.bytes()}, weights);
  uint64_t pictures = hash_text("");
  for (const std::string& path : options.pictures)
    pictures = hash_text(path + "\n", pictures);
  const auto text_of = [](const Goal& goal) {
    return std::to_string(goal.amount) + (goal.is_share ? " of it" : "");
  };
  return {{"--model", "one with weights " + std::to_string(weights)},
          {"the pictures",
           std::to_string(options.pictures.size()) + " (" + std::to_string(pictures) + ")"},
          {"--target-macs", text_of(options.macs)},
          {"--target-size", text_of(options.bytes)},
          {"--rounds", std::to_string(options.rounds)},
          {"--multiple", std::to_string(options.multiple)},
          {"--seed", std::to_string(options.seed)}};
}

// What can be found out without the bundle.
Result<void> check_options(const PruneOptions& options) {
  if (!options.macs.is_set() && !options.bytes.is_set()) {
    return Error{ErrorKind::InvalidArgument,
                 "There is no goal; say how small the model is to be with --target-macs, "
                 "--target-size or both"};
  }
  if (options.pictures.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "No picture was given to see what channels do; name some hundred training "
                 "pictures"};
  }
  auto tried = try_folder(options.work, "--work");
  if (tried.ok())
    tried = try_folder(options.output, "--output");
  if (!tried.ok())
    return tried;
  if (is_same_file(options.output, options.model)) {
    return Error{ErrorKind::InvalidArgument, "--output " + options.output +
                                                 " is the model that is to be pruned, and would be "
                                                 "overwritten; choose another folder"};
  }
  return refuse_checkpoints(options.work, options.resume);
}

Result<PruneResult> prune_guarded(const PruneOptions& options, const PictureReader& read,
                                  const PruneReports& reports) {
  auto opened = open_bundle(options.model, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  auto checked = check_options(options);
  if (!checked.ok())
    return checked.error();
  const auto lock = RunLock::take(options.work);
  if (!lock.ok())
    return lock.error();
  Pruning pruning(options, opened.value(), reports);
  checked = pruning.check();
  if (checked.ok())
    checked = begin_run(options.work, record_of(options, opened.value()), options.resume);
  if (!checked.ok())
    return checked.error();
  return pruning.run(read);
}

}  // namespace

int64_t Goal::of(int64_t now) const {
  return static_cast<int64_t>(is_share ? amount * static_cast<double>(now) : amount);
}

Result<PruneResult> prune_bundle(const PruneOptions& options, const PictureReader& read,
                                 const PruneReports& reports) {
  use_threads(options.threads > 0 ? options.threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  Result<PruneResult> result = Error{ErrorKind::Internal, "Pruning did not begin"};
  const auto guarded = guard_torch([&] { result = prune_guarded(options, read, reports); });
  if (!guarded.ok())
    return guarded.error();
  return result;
}

}  // namespace jetsoncaption
