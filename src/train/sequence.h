// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole sentences through the decoder: with given words (teacher forcing), or with words that the
// decoder chooses. B pictures, K sentences each, T words.
#pragma once

#include <vector>

#include <torch/types.h>

#include "bundle/config.h"
#include "text/metrics.h"
#include "text/vocabulary.h"
#include "torch/network.h"

namespace jetsoncaption {

// Scores of the words of given sentences, N real words in all, padding left out.
struct WordScores {
  torch::Tensor logits;   // float32 [N, V]
  torch::Tensor targets;  // int64 [N]
  torch::Tensor rows;     // int64 [N]: the sentence each word belongs to, b * K + k
};

// Runs the decoder over inputs [B, K, T] (start token first) that should lead to targets
// [B, K, T]. Fastest when the sentences of a picture come longest first, because the decoder stops
// working on the last ones when none of their targets is left. `dropout` is applied to word
// vectors and to the output layer.
WordScores score_sentences(const Decoder& decoder, const Decoder::Picture& picture,
                           const torch::Tensor& inputs, const torch::Tensor& targets,
                           double dropout);

// Sentences that the decoder writes: int64 [B, K, T], T at most max_words + 1, the end token
// included, padding after it. temperature 0: always the most likely word; else words are drawn from
// the softmax of the scores divided by it. `dropout` as in score_sentences(). Needs no gradients.
torch::Tensor write_sentences(const Decoder& decoder, const Decoder::Picture& picture,
                              int sentences, int max_words, double temperature, double dropout = 0);

// The words of one row of write_sentences(), without special tokens.
Words words_of(const torch::Tensor& row, const Vocabulary& vocabulary);

}  // namespace jetsoncaption
