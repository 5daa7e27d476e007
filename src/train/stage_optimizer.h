// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns losses into changes of the weights: Adam, with a learning rate that rises and falls once.
#pragma once

#include <torch/optim/adamw.h>
#include <torch/types.h>

#include "torch/network.h"
#include "train/options.h"
#include "train/stage.h"

namespace jetsoncaption {

class StageOptimizer {
 public:
  // The tensors that the stage changes get gradients, the others get none.
  StageOptimizer(Stage stage, const TrainOptions& options, NamedTensors& parameters);

  // One step down the gradient of `loss`. `progress` is the share of the stage's steps that have
  // been made: 0 to 1.
  void step(const torch::Tensor& loss, double progress);

  // For checkpoints.
  torch::optim::AdamW& adam() { return adam_; }

 private:
  const StageOptions& options_;
  torch::optim::AdamW adam_;  // first the decoder's tensors, then the encoder's if there are any
};

}  // namespace jetsoncaption
