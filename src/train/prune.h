// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes a smaller model of a bundle: fewer channels in the encoder, a narrower decoder.
//
// In a few rounds, each of which looks anew at what channels are worth (importance.h), takes the
// cheapest away (pruning_plan.h), and corrects the others (smaller_network.h). What is lost is
// learnt again by training with the full model as teacher (options.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "train/data_check.h"
#include "train/widths.h"

namespace jetsoncaption {

// A number, or a share of what there is now; 0: there is no goal.
struct Goal {
  double amount = 0;
  bool is_share = false;

  bool is_set() const { return amount > 0; }
  int64_t of(int64_t now) const;
};

struct PruneOptions {
  std::string model;                  // the bundle; it stays as it is
  std::string output;                 // bundle to write; made if missing
  std::string work;                   // for what is needed to go on; made if missing
  std::string name;                   // of the new model; empty: that of the old one
  std::vector<std::string> pictures;  // some hundred of those it was trained on
  Goal macs;                          // multiply-adds of a caption of ten words
  Goal bytes;                         // of all files that int8 needs
  int rounds = 4;
  int multiple = 8;  // that numbers of channels become
  uint64_t seed = 1;
  int threads = 0;  // 0: all cores
  bool resume = false;
};

struct PruneReports {
  ProgressReport progress;
  std::function<void(const std::string& sentence)> notice;
};

// What a model and all its files in int8 cost.
struct BundleCost {
  ModelCost model;
  int64_t bytes = 0;
};

struct PruneResult {
  BundleCost before;
  BundleCost after;
  std::vector<std::pair<Width, int>> changed;  // widths that are smaller, with their new size
};

// Writes fp32 weights without a self-test. NotFound, InvalidArgument when an option is wrong or a
// goal cannot be reached, CorruptModel, Internal.
Result<PruneResult> prune_bundle(const PruneOptions& options, const PictureReader& read,
                                 const PruneReports& reports);

}  // namespace jetsoncaption
