// SPDX-License-Identifier: LGPL-2.1-or-later
// The words for things that are seen, in groups that a fair reader accepts for each other.
//
// Nouns stand for one kind of thing each ("pony"), in all their forms ("pony", "ponies"). The nouns
// of a group ("horse", "pony", "donkey") may be said for each other. A group may have broader ones,
// which are said with it: who names a pizza names food. The list is things.txt, which tells the
// form of such a file.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/metrics.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

class Things {
 public:
  // A noun in a sentence: words [first, first + words).
  struct Mention {
    int noun;
    size_t first;
    size_t words;
    bool implied;  // said along with what these words name: a skateboarder has a skateboard
  };

  // things.txt, which is part of the program. Read at the first call; thread-safe.
  static const Things& standard();

  // `name` (the file) is only used in messages. InvalidArgument names the line and what is wrong.
  static Result<Things> read(std::istream& stream, const std::string& name);

  int groups() const { return static_cast<int>(broader_.size()); }
  int nouns() const { return static_cast<int>(nouns_.size()); }
  // The name of a noun, its singular; noun must be in [0, nouns()).
  const std::string& noun(int noun) const;
  // The noun that has this name, or -1.
  int find_noun(const std::string& name) const;
  int group_of(int noun) const;
  // False for things whose absence from sentences says nothing, as most clothes.
  bool is_measured(int group) const;
  // The groups that are said with a group, in all steps; without itself.
  const std::vector<int>& broader(int group) const;

  // Forms of two words, such as "hot dog", that name another noun than their last word does.
  struct Pair {
    std::string first;
    std::string second;
    int noun;  // -1: none
  };
  std::vector<Pair> pairs() const;

  // The things that a sentence names, in its order. Of forms that begin at the same word the one
  // with most words counts, and its words count for no other: a hot dog is no dog. A hyphen is a
  // blank: "t-shirt" is "t shirt". What is implied follows what implies it.
  std::vector<Mention> find(const Words& words) const;

 private:
  struct Noun {
    std::string name;
    int group;
  };
  struct Form {
    Words parts;
    int noun;                  // -1: none, only what it implies
    std::vector<int> implied;  // nouns
  };
  class Reader;

  std::vector<Noun> nouns_;
  std::vector<std::vector<int>> broader_;                     // of each group
  std::vector<bool> measured_;                                // each group
  std::unordered_map<std::string, int> names_;                // nouns by name
  std::unordered_map<std::string, std::vector<Form>> forms_;  // by first part, longest first
};

// For each word of the vocabulary the noun of Things::standard() that it is a form of, or -1.
std::vector<int> nouns_of_words(const Vocabulary& vocabulary);

}  // namespace jetsoncaption
