// SPDX-License-Identifier: LGPL-2.1-or-later
// The tags of pictures as the decoder is shown them, as they are or disturbed a little.
#pragma once

#include <vector>

#include <torch/types.h>

#include "torch/network.h"

namespace jetsoncaption {

// The tags of scores [B, W, T] (Tagger): `count` for each picture.
TagCells likeliest_cells(const torch::Tensor& scores, const std::vector<int>& tag_words, int count);

// Of training pictures the classifier knows more than it will know of others. So that the decoder
// does not come to believe it blindly, some tags are taken away, some wrong ones take their place,
// and the probabilities are shaken. With the random numbers of LibTorch's default generator.
void disturb(TagCells& cells, const std::vector<int>& tag_words);

// Puts the words of `classes` [B] into the last cells that do not have them yet, as likely as
// chance wills, and leaves out a share of them.
void add_classes(TagCells& cells, const std::vector<std::vector<int>>& classes,
                 const std::vector<int>& tag_words);

}  // namespace jetsoncaption
