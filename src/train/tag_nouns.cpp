// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the nouns of Things in a vocabulary and in sentences.
#include "train/tag_nouns.h"

#include <algorithm>

#include "text/things.h"

namespace jetsoncaption {

TagNouns::TagNouns(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
  const Things& things = Things::standard();
  for (int noun = 0; noun < things.nouns(); ++noun) {
    const int word = vocabulary.find(things.noun(noun));
    class_of_noun_.push_back(word < 0 ? -1 : classes());
    if (word >= 0)
      words_.push_back(word);
  }
}

std::vector<int> TagNouns::named(const Words& sentence) const {
  std::vector<int> classes;
  for (const Things::Mention& mention : Things::standard().find(sentence)) {
    const int found = class_of_noun_[static_cast<size_t>(mention.noun)];
    if (found >= 0 && std::find(classes.begin(), classes.end(), found) == classes.end())
      classes.push_back(found);
  }
  return classes;
}

int TagNouns::find(const std::string& noun) const {
  const int word = vocabulary_.find(noun);
  const auto found = std::find(words_.begin(), words_.end(), word);
  return word < 0 || found == words_.end() ? -1 : static_cast<int>(found - words_.begin());
}

}  // namespace jetsoncaption
