// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the sentence that a decoder finds most likely: greedy or beam search.
#pragma once

#include <functional>
#include <vector>

namespace jetsoncaption {

class StepScorer;

struct SearchOptions {
  int beam_size = 1;            // sentences compared at each word, 1 to 16; 1 is greedy search
  int max_words = 20;           // the end token not counted
  float length_penalty = 0.7F;  // scores are divided by words^penalty (Wu et al. 2016, section 7,
                                // without the coverage term); 0 favours short sentences
  int start_token = 1;
  int end_token = 2;
  std::vector<int> banned_tokens;     // never written: padding, start, unknown
  std::function<bool()> should_stop;  // asked before each step after the first; true: end here and
                                      // return the best so far, marked as truncated. May be empty.
};

struct SearchResult {
  std::vector<int> words;                  // without start and end token
  std::vector<float> word_log_probabilities;  // one a word
  float end_log_probability = 0.0F;        // of the end token; 0 when truncated
  bool truncated = false;                  // ended by max_words or should_stop

  // Geometric mean of the probabilities of the words and, unless truncated, of the end token.
  double confidence() const;
};

// Deterministic: of equal scores the lower word id, then the earlier sentence, wins.
SearchResult search(StepScorer& scorer, const SearchOptions& options);

}  // namespace jetsoncaption
