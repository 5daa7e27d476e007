// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tags of a picture say of the words that may be written about it.
#pragma once

#include <vector>

#include "bundle/tag_windows.h"
#include "search/word_things.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

class TagEvidence {
 public:
  TagEvidence() = default;
  explicit TagEvidence(const Vocabulary& vocabulary);

  // The nouns of Things::standard() that words name.
  const WordThings& things() const { return things_; }

  // The tags of the picture that is described from now on; none where the model has no tags.
  void look_at(const std::vector<Tag>& tags);

  // That a thing is there, 0 to 1; below 0 where no tag tells.
  float probability(int thing) const { return probabilities_[static_cast<size_t>(thing)]; }
  // That a fair reader finds it right to name the thing: the likeliest of the tags that may be said
  // for it, or with which it is said ("food" where there is a pizza). Below 0 where no tag tells.
  float probability_accepted(int thing) const;

  // SearchOptions::word_evidence: weight * min(0, logit(p) - 0.5), so that tags speak against
  // things that they do not see, and leave what they see to the decoder, which was shown them.
  // Words without a tag get 0; p counts as at least 1/1000.
  std::vector<float> of_words(double weight) const;

 private:
  WordThings things_;
  std::vector<float> probabilities_;  // of each thing; below 0: there is no tag for it
  std::vector<float> accepted_;       // of each group of things; below 0: as there
};

}  // namespace jetsoncaption
