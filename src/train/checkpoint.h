// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage needs on disk to go on after its last finished epoch.
#pragma once

#include <string>

#include <torch/optim/adamw.h>

#include "base/result.h"
#include "model/network.h"
#include "train/stage.h"

namespace jetsoncaption {

struct StageProgress {
  int epochs = 0;            // that are finished
  double best_cider_d = -1;  // on the dev pictures; below 0: not measured yet
};

// In the work folder: checkpoint-STAGE.safetensors with the weights and their running mean,
// .optimizer with the moments, and .json with the progress.
class Checkpoint {
 public:
  Checkpoint(const std::string& work, Stage stage);

  Result<void> save(const NamedTensors& parameters, const NamedTensors& average,
                    const torch::optim::AdamW& adam, const StageProgress& progress) const;
  // Leaves everything as it is when there is no checkpoint of this stage. CorruptModel.
  Result<void> load(NamedTensors& parameters, NamedTensors& average, torch::optim::AdamW& adam,
                    StageProgress& progress) const;
  // Of an earlier run: a later --resume must not go on with a stage of it.
  void forget() const;

 private:
  const std::string path_;  // without the ending
};

}  // namespace jetsoncaption
