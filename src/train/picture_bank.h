// SPDX-License-Identifier: LGPL-2.1-or-later
// The newest features of the training pictures, and pictures put together from their places for
// sentences that have none.
#pragma once

#include <vector>

#include <torch/types.h>

#include "text/metrics.h"
#include "train/dataset.h"
#include "train/tag_nouns.h"

namespace jetsoncaption {

class PictureBank {
 public:
  // For the pictures of a data set, whose sentences say what they show. Borrows both.
  PictureBank(const Dataset& dataset, const TagNouns& nouns, int grid_width, int grid_height,
              int channels);

  // Remembers features [B, P, C] of the pictures at `indices` [B].
  void remember(const torch::Tensor& indices, const torch::Tensor& features);
  // How many pictures have features.
  int known() const { return known_; }

  struct Patchwork {
    torch::Tensor features;                // float32 [B, P, C]
    std::vector<std::vector<int>> shown;   // classes that each picture is made to show
    std::vector<std::vector<int>> missed;  // those of the sentence that none of its pictures has
  };
  // A picture for each sentence: places of one or two pictures that show what the sentence names,
  // and of the second a part of the grid only. A share of them, `empty`, gets no places at all:
  // zeros. With the random numbers of LibTorch's default generator.
  Patchwork compose(const std::vector<const Words*>& sentences, double empty) const;

 private:
  int find_picture(const std::vector<int>& wanted) const;

  const TagNouns& nouns_;
  const int grid_width_;
  const int grid_height_;
  const int channels_;
  torch::Tensor features_;                  // float16 [N, P, C]; undefined before the first
  std::vector<char> is_known_;              // [N]
  std::vector<std::vector<int>> classes_;   // of each picture, sorted
  std::vector<std::vector<int>> pictures_;  // of each class
  int known_ = 0;
};

}  // namespace jetsoncaption
