// SPDX-License-Identifier: LGPL-2.1-or-later
// What a search needs from a decoder: the log-probabilities of the next word, and where it looked.
#pragma once

#include <vector>

namespace jetsoncaption {

// A decoder that is in the middle of describing one image. It keeps one recurrent state ("slot")
// for each sentence that is being written. Before the first step there is one slot, 0.
class StepScorer {
 public:
  virtual ~StepScorer() = default;

  virtual int vocabulary_size() const = 0;

  // Scores the word after words[i], for each i, continuing from the state in slot parents[i] as it
  // was after the previous step. The new state of i is in slot i. words and parents have the same
  // length, at least 1. Writes words.size() rows of vocabulary_size() natural log-probabilities to
  // log_probabilities, which is resized. May throw what LibTorch throws.
  virtual void step(const std::vector<int>& parents, const std::vector<int>& words,
                    std::vector<float>& log_probabilities) = 0;

  // Where the latest step looked while it scored: for each of its rows a map over the cells of the
  // picture, row-major from the top left, that sums to 1 up to rounding. Resizes maps to rows times
  // cells, the same number of cells every time.
  virtual void copy_attention(std::vector<float>& maps) const = 0;
};

}  // namespace jetsoncaption
