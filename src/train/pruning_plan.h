// SPDX-License-Identifier: LGPL-2.1-or-later
// Which channels a model can do without most cheaply.
#pragma once

#include <cstdint>
#include <vector>

#include "bundle/config.h"
#include "train/widths.h"

namespace jetsoncaption {

// What the model may cost; 0: as much as it likes.
struct CostLimit {
  int64_t caption_macs = 0;
  int64_t weight_bytes = 0;

  bool allows(const ModelCost& cost) const;
};

struct PlanRules {
  CostLimit limit;
  int multiple = 8;        // widths are cut to multiples of it
  std::vector<int> least;  // of each width, that must stay
};

// What must stay of each width for the others to be of use: an eighth, rounded up to a multiple.
std::vector<int> least_sizes(const ModelConfig& config, int multiple);

// For each width of the model, in the order of widths_of(), the channels that stay, ascending.
using KeptChannels = std::vector<std::vector<int>>;

// Takes channels away until the limit allows the model or nothing more may go: always those whose
// importance is lowest for what they cost. Of the plans for several ratios of bytes to
// multiply-adds it is the one that loses the least importance. `importance` has for each width what
// each of its channels is worth.
KeptChannels plan_pruning(const ModelConfig& config, int words,
                          const std::vector<std::vector<double>>& importance,
                          const PlanRules& rules);

// The sizes of what stays.
std::vector<int> sizes_of(const KeptChannels& kept);

// Of the smallest model that may be made of it.
ModelCost smallest_cost(const ModelConfig& config, int words, int multiple);

}  // namespace jetsoncaption
