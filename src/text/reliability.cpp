// SPDX-License-Identifier: LGPL-2.1-or-later
// Ranks and bins.
#include "text/reliability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace jetsoncaption {
namespace {

constexpr size_t kBins = 10;

}  // namespace

double ranking_quality(const std::vector<double>& confidences, const std::vector<bool>& good) {
  std::vector<size_t> order(confidences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return confidences[a] < confidences[b]; });
  double won = 0;  // pairs of a good and a bad one
  double bad_below = 0;
  double all_good = 0;
  for (size_t first = 0; first < order.size();) {
    size_t end = first;
    double equal_good = 0;
    for (; end < order.size() && confidences[order[end]] == confidences[order[first]]; ++end)
      equal_good += good[order[end]] ? 1 : 0;
    const double equal_bad = static_cast<double>(end - first) - equal_good;
    won += equal_good * (bad_below + equal_bad / 2);
    bad_below += equal_bad;
    all_good += equal_good;
    first = end;
  }
  const double pairs = all_good * bad_below;
  return pairs > 0 ? won / pairs : 0.5;
}

double calibration_gap(const std::vector<double>& confidences, const std::vector<bool>& good) {
  std::array<double, kBins> excess{};  // of confidence over good ones
  for (size_t i = 0; i < confidences.size(); ++i) {
    const auto bin = std::min(static_cast<size_t>(confidences[i] * kBins), kBins - 1);
    excess[bin] += confidences[i] - (good[i] ? 1 : 0);
  }
  double sum = 0;
  for (const double value : excess)
    sum += std::abs(value);
  return confidences.empty() ? 0 : sum / static_cast<double>(confidences.size());
}

}  // namespace jetsoncaption
