// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures with sentences by people, for training and for measuring on the dev pictures.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "text/metrics.h"
#include "text/vocabulary.h"
#include "train/pictures.h"

namespace jetsoncaption {

struct Dataset {
  std::vector<std::string> ids;                // file names, in the order of the list
  std::vector<std::vector<Words>> references;  // for each picture its tokenized sentences
  Pictures pictures;

  int size() const { return static_cast<int>(ids.size()); }
};

// Adds the pictures of another data set of the same size.
void append(Dataset&& more, Dataset& dataset);

// Sentences as word ids for teacher forcing.
struct EncodedSentences {
  torch::Tensor inputs;   // int64 [B, K, T]: start token, words
  torch::Tensor targets;  // int64 [B, K, T]: words, end token, padding
};

// The first K references of each picture, longest first, cut after max_words; the rows of a picture
// that has fewer are padding. Unknown words become the unknown token; T is the longest of them plus
// one.
EncodedSentences encode_sentences(const std::vector<const std::vector<Words>*>& references,
                                  int sentences, int max_words, const Vocabulary& vocabulary);

}  // namespace jetsoncaption
