// SPDX-License-Identifier: LGPL-2.1-or-later
// Which things the words of a vocabulary name, as numbers.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace jetsoncaption {

// Two words, one after the other, that name something else than the second alone: a hot dog is no
// dog.
struct WordPair {
  int first = 0;  // ids of the vocabulary
  int second = 0;
  int thing = -1;  // below 0: they name none
};

class WordThings {
 public:
  WordThings() = default;
  // of_words: for each word of the vocabulary the number of the thing that it names, or below 0.
  explicit WordThings(std::vector<int> of_words, const std::vector<WordPair>& pairs = {})
      : of_words_(std::move(of_words)), pairs_(of_words_.size()) {
    for (const WordPair& pair : pairs)
      pairs_[static_cast<size_t>(pair.first)].push_back(pair);
  }

  size_t words() const { return of_words_.size(); }
  // Below 0 where the word names none, or is none of the vocabulary.
  int of(int word) const { return has(word) ? of_words_[static_cast<size_t>(word)] : -1; }
  // The same where it stands behind `previous`, which may be below 0: nothing.
  int of(int previous, int word) const {
    const WordPair* pair = pair_of(previous, word);
    return pair != nullptr ? pair->thing : of(word);
  }
  // Whether the two name something else than the second alone.
  bool is_pair(int previous, int word) const { return pair_of(previous, word) != nullptr; }

 private:
  bool has(int word) const { return word >= 0 && static_cast<size_t>(word) < of_words_.size(); }
  const WordPair* pair_of(int previous, int word) const {
    if (!has(previous))
      return nullptr;
    for (const WordPair& pair : pairs_[static_cast<size_t>(previous)]) {
      if (pair.second == word)
        return &pair;
    }
    return nullptr;
  }

  std::vector<int> of_words_;
  std::vector<std::vector<WordPair>> pairs_;  // by their first word
};

}  // namespace jetsoncaption
