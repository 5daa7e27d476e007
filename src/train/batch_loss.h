// SPDX-License-Identifier: LGPL-2.1-or-later
// The loss of a batch of pictures, and of sentences without pictures: what a stage makes smaller.
#pragma once

#include <vector>

#include <torch/types.h>

#include "model/network.h"
#include "text/metrics.h"
#include "train/feature_store.h"
#include "train/material.h"
#include "train/options.h"
#include "train/picture_bank.h"
#include "train/reward.h"
#include "train/stage.h"

namespace jetsoncaption {

class BatchLoss {
 public:
  // Borrows all. `tag_targets` [N, T] of the training pictures; undefined for a model without tags.
  BatchLoss(const TrainOptions& options, const Material& material, const TagNouns& nouns,
            torch::Tensor tag_targets, PictureBank& bank);

  // Of the training pictures at `indices` [B]: of a random view of each in `cache`, or, where the
  // stage changes the encoder or there is no cache, of the pictures, varied. But in the reward
  // stage sentences without pictures are learnt beside them.
  torch::Tensor compute(Stage stage, const NamedTensors& parameters, const FeatureStore* cache,
                        const torch::Tensor& indices) const;

 private:
  torch::Tensor features(Stage stage, const NamedTensors& parameters, const FeatureStore* cache,
                         const torch::Tensor& indices) const;
  std::vector<const std::vector<Words>*> references(const torch::Tensor& indices) const;
  torch::Tensor words_loss(const Decoder& decoder, const Decoder::Picture& picture,
                           const std::vector<const std::vector<Words>*>& references,
                           int sentences) const;
  torch::Tensor text_loss(const NamedTensors& parameters) const;

  const TrainOptions& options_;
  const Material& material_;
  const TagNouns& nouns_;
  const torch::Tensor tag_targets_;
  PictureBank& bank_;
  const SentenceReward reward_;
};

}  // namespace jetsoncaption
