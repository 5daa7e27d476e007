// SPDX-License-Identifier: LGPL-2.1-or-later
// The nouns that a model's tags can be: things with a name, of which the vocabulary has the word.
#pragma once

#include <string>
#include <vector>

#include "text/metrics.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

class TagNouns {
 public:
  // Every noun of Things::standard() whose first form is a word of the vocabulary.
  explicit TagNouns(const Vocabulary& vocabulary);

  int classes() const { return static_cast<int>(words_.size()); }
  // The word of each class.
  const std::vector<int>& words() const { return words_; }
  // The classes that a sentence names, each once.
  std::vector<int> named(const Words& sentence) const;
  // The class of a noun, or -1.
  int find(const std::string& noun) const;

 private:
  const Vocabulary& vocabulary_;
  std::vector<int> words_;
  std::vector<int> class_of_noun_;  // of Things, or -1
};

}  // namespace jetsoncaption
