// SPDX-License-Identifier: LGPL-2.1-or-later
// The words a model knows. A word's id is its line in vocabulary.txt, counted from 0.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

class Vocabulary {
 public:
  // One word a line, UTF-8, no blanks inside, no word twice, 1 to 1,000,000 words of 1 to 64 bytes.
  // `name` (the file) is only used in messages. CorruptModel names the line and what is wrong.
  static Result<Vocabulary> read(std::istream& stream, const std::string& name);

  // The special tokens <pad>, <start>, <end>, <unk> as ids 0 to 3, then every word that occurs at
  // least `min_count` times, most frequent first, equal counts in alphabetical order. Words that
  // read() would refuse are left out.
  static Vocabulary build(const std::vector<std::vector<std::string>>& sentences, int min_count);

  // The same from how often each word occurs. The words of `known` come first, in their order, and
  // however often they occur; null: none are known.
  static Vocabulary build(std::map<std::string, int> counts, int min_count,
                          const Vocabulary* known = nullptr);

  int size() const;
  // The word of an id; id must be in [0, size()).
  const std::string& word(int id) const;
  // The id of a word, or -1.
  int find(const std::string& word) const;
  // One word a line, as read() takes it.
  std::string to_text() const;

 private:
  explicit Vocabulary(std::vector<std::string> words);

  std::vector<std::string> words_;
  std::unordered_map<std::string, int> ids_;
};

}  // namespace jetsoncaption
