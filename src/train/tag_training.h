// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tags of the training pictures should say, and a classifier that begins with saying it.
#pragma once

#include <torch/types.h>

#include "base/result.h"
#include "torch/network.h"
#include "train/data_check.h"
#include "train/dataset.h"
#include "train/options.h"
#include "train/tag_nouns.h"

namespace jetsoncaption {

// How likely each class is in each picture, float [N, T]: 1 where a sentence names it, else what
// the teacher thinks of the picture, where there is one. NotFound, InvalidArgument.
Result<torch::Tensor> tag_targets(const Dataset& dataset, const TagNouns& nouns,
                                  const Teacher& teacher, const ProgressReport& progress);

// The score of each class [B, T] of those of the windows [B, W, T], as in sort_tags().
torch::Tensor joined_scores(const torch::Tensor& window_scores);

// How far scores are from the targets, both [B, T]: binary cross entropy, mean over all.
torch::Tensor tag_loss(const torch::Tensor& scores, const torch::Tensor& targets);

// Learns tags.weight and tags.bias anew from the means of the windows of the training pictures,
// float [N, W, C].
void fit_tags(const torch::Tensor& means, const torch::Tensor& targets, NamedTensors& parameters,
              const ProgressReport& progress);

}  // namespace jetsoncaption
