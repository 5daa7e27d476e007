// SPDX-License-Identifier: LGPL-2.1-or-later
// The loss of a batch of pictures, and of sentences without pictures: what a stage makes smaller.
#pragma once

#include <optional>
#include <vector>

#include <torch/types.h>

#include "text/metrics.h"
#include "torch/network.h"
#include "train/feature_store.h"
#include "train/material.h"
#include "train/options.h"
#include "train/picture_bank.h"
#include "train/reward.h"
#include "train/stage.h"
#include "train/teacher_model.h"

namespace jetsoncaption {

class BatchLoss {
 public:
  // Borrows all. `tag_targets` [N, T] of the training pictures; undefined for a model without tags.
  // `teacher` may be null.
  BatchLoss(const TrainOptions& options, const Material& material, const TagNouns& nouns,
            torch::Tensor tag_targets, PictureBank& bank, const TeacherModel* teacher);

  // Before the first step of a stage: looks at the pictures of which those for sentences without
  // pictures are put together, unless all have been seen.
  void prepare(Stage stage, const NamedTensors& parameters, const ProgressReport& progress) const;

  // Of the training pictures at `indices` [B]: of a random view of each in `cache`, or, where the
  // stage changes the encoder or there is no cache, of the pictures, varied. But in the reward
  // stage sentences without pictures are learnt beside them.
  torch::Tensor compute(Stage stage, const NamedTensors& parameters, const FeatureStore* cache,
                        const torch::Tensor& indices) const;

 private:
  // Features of the pictures, and what the teacher sees in the same: nothing where it is not asked.
  struct Seen {
    torch::Tensor features;
    std::optional<TeacherModel::View> teacher;
  };
  Seen look(Stage stage, const NamedTensors& parameters, const FeatureStore* cache,
            const torch::Tensor& indices) const;
  std::vector<const std::vector<Words>*> references(const torch::Tensor& indices) const;
  torch::Tensor words_loss(const Decoder& decoder, const Decoder::Picture& picture,
                           const std::vector<const std::vector<Words>*>& references, int sentences,
                           const TeacherModel::View* teacher) const;
  bool learns_sentences(Stage stage) const;
  torch::Tensor tags_loss(const torch::Tensor& scores, const torch::Tensor& indices,
                          const TeacherModel::View* teacher) const;
  torch::Tensor text_loss(const NamedTensors& parameters) const;

  const TrainOptions& options_;
  const Material& material_;
  const TagNouns& nouns_;
  const torch::Tensor tag_targets_;
  PictureBank& bank_;
  const SentenceReward reward_;
  const TeacherModel* const teacher_;
};

}  // namespace jetsoncaption
