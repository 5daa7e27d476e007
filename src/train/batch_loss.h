// SPDX-License-Identifier: LGPL-2.1-or-later
// The loss of a batch of pictures: what a stage makes smaller.
#pragma once

#include <vector>

#include <torch/types.h>

#include "model/network.h"
#include "text/metrics.h"
#include "train/material.h"
#include "train/options.h"
#include "train/reward.h"
#include "train/stage.h"

namespace jetsoncaption {

class BatchLoss {
 public:
  // Borrows both.
  BatchLoss(const TrainOptions& options, const Material& material);

  // Of the training pictures at `indices` [B]: of a random view of each in `cache` [views, N, P,
  // C], or, where the stage changes the encoder, of the pictures, varied; then `cache` is not used.
  torch::Tensor compute(Stage stage, const NamedTensors& parameters, const torch::Tensor& cache,
                        const torch::Tensor& indices) const;

 private:
  torch::Tensor features(Stage stage, const NamedTensors& parameters, const torch::Tensor& cache,
                         const torch::Tensor& indices) const;
  std::vector<const std::vector<Words>*> references(const torch::Tensor& indices) const;

  const TrainOptions& options_;
  const Material& material_;
  const SentenceReward reward_;
};

}  // namespace jetsoncaption
