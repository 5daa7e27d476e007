// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures with what a model says of them: what a smaller model is compared with.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "base/result.h"
#include "bundle/config.h"
#include "torch/network.h"
#include "train/data_check.h"

namespace jetsoncaption {

// N pictures, each with a sentence that the model drew from its own probabilities.
struct DescribedPictures {
  torch::Tensor pictures;  // uint8 [N, 3, H, W], squashed to the size of the input
  torch::Tensor inputs;    // int64 [N, 1, T]: start token, words
  torch::Tensor targets;   // int64 [N, 1, T]: words, end token, padding
  TagCells cells;          // of a model with tags: what the decoder was shown
  torch::Tensor named;     // float [N, C]: 1 for each class that is drawn likewise, else 0

  bool has_tags() const { return named.defined(); }
  int64_t size() const { return pictures.size(0); }
  // Those of the pictures from `first` on.
  DescribedPictures range(int64_t first, int64_t count) const;
};

// Reads pictures by their paths. The error of the first that cannot be read.
Result<torch::Tensor> read_squashed(const std::vector<std::string>& paths,
                                    const ModelConfig& config, const PictureReader& read,
                                    const ProgressReport& progress);

// Lets the model describe the pictures; with the random numbers of LibTorch's default generator.
// `tag_words` as in Bundle.
DescribedPictures describe_pictures(const torch::Tensor& pictures, const ModelConfig& config,
                                    const NamedTensors& tensors, const std::vector<int>& tag_words,
                                    const ProgressReport& progress);

}  // namespace jetsoncaption
