// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the sentence that a decoder finds most likely: greedy or beam search.
#pragma once

#include <functional>
#include <vector>

#include "search/word_things.h"

namespace jetsoncaption {

class StepScorer;

struct SearchOptions {
  int beam_size = 1;            // sentences compared at each word, 1 to 16; 1 is greedy search
  int max_words = 20;           // the end token not counted; at least 1
  float length_penalty = 0.7F;  // log-probabilities are divided by words^penalty, the end token
                                // counted as a word (after Wu et al. 2016, section 7, without the
                                // coverage term); 0 favours short sentences
  int start_token = 1;
  int end_token = 2;
  std::vector<int> banned_tokens;  // never written: padding, start, unknown
  // What the words name: a sentence that names a thing does not name it again ("a sink and a
  // sink"). Must outlive the search. nullptr: it may.
  const WordThings* things = nullptr;
  // Whether a word may follow itself, or itself and a joining word ("white and white"), two words
  // themselves ("of a of a"), and a word that describes may describe the same thing again.
  bool may_stammer = true;
  std::vector<int> joining_words;  // such as "and"
  // Words that a sentence does not end with ("a", "of"), and those of them behind which none of all
  // may stand ("a").
  std::vector<int> unfinished_words;
  std::vector<int> articles;
  // Words that only describe ("red"). An article and those alone name nothing: no unfinished word
  // that does not join follows, nor one of `words_after_things` ("sitting"), and a sentence that
  // ends so is cut back, with what is then left of `words_before_things` ("on", "wearing").
  std::vector<int> adjectives;
  std::vector<int> words_after_things;
  std::vector<int> words_before_things;
  // For each word what is added to its log-probability where sentences are compared, for other
  // evidence than the decoder's; no word counts as more than certain. Not to the second of a pair
  // of `things`. Empty: nothing is.
  std::vector<float> word_evidence;
  bool keep_attention = false;        // also return where the decoder looked for each word
  std::function<bool()> should_stop;  // asked before each step after the first; true: end here and
                                      // return the best so far. May be empty.
};

struct SearchResult {
  std::vector<int> words;                          // without start and end token
  std::vector<float> word_log_probabilities;       // one a word
  std::vector<std::vector<float>> word_attention;  // a map a word (StepScorer); empty unless asked
  float end_log_probability = 0.0F;                // of the end token; 0 when truncated
  bool truncated = false;  // cut off by max_words or should_stop, or nothing could follow
  int steps = 0;           // of the scorer

  // Geometric mean of the probabilities of the words and, unless truncated, of the end token; 0
  // when there is neither.
  double confidence() const;
};

// Ends when beam_size sentences have ended, when no unfinished one can overtake the best of them,
// at max_words or at should_stop. A sentence that has ended is preferred to one that is cut off,
// and one with max_words words counts as ended if its most likely next word is the end token.
//
// Words whose log-probability is not a finite number are never written; a sentence that no word
// can follow is cut off there. Deterministic: of equal scores the lower word id, then the earlier
// sentence, wins. Throws what the scorer throws.
SearchResult search(StepScorer& scorer, const SearchOptions& options);

}  // namespace jetsoncaption
