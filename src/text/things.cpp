// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks for forms of nouns in sentences.
#include "text/things.h"

#include <algorithm>
#include <cassert>

namespace jetsoncaption {
namespace {

// A piece of a word: all of it where it has no hyphen.
struct Part {
  std::string text;
  size_t word;  // which word of the sentence it belongs to
};

std::vector<Part> split_at_hyphens(const Words& words) {
  std::vector<Part> parts;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    for (size_t begin = 0; begin <= word.size();) {
      const size_t end = std::min(word.find('-', begin), word.size());
      parts.push_back({word.substr(begin, end - begin), i});
      begin = end + 1;
    }
  }
  return parts;
}

// True where `form` stands at `first` and ends where a word ends.
bool stands_at(const Words& form, const std::vector<Part>& parts, size_t first) {
  const size_t end = first + form.size();
  if (end > parts.size() || (end < parts.size() && parts[end].word == parts[end - 1].word))
    return false;
  return std::equal(form.begin(), form.end(), parts.begin() + static_cast<std::ptrdiff_t>(first),
                    [](const std::string& text, const Part& part) { return text == part.text; });
}

}  // namespace

const std::string& Things::noun(int noun) const {
  return nouns_.at(static_cast<size_t>(noun)).name;
}

int Things::find_noun(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? -1 : found->second;
}

int Things::group_of(int noun) const {
  return nouns_.at(static_cast<size_t>(noun)).group;
}

bool Things::is_measured(int group) const {
  return measured_.at(static_cast<size_t>(group));
}

const std::vector<int>& Things::broader(int group) const {
  return broader_.at(static_cast<size_t>(group));
}

std::vector<Things::Pair> Things::pairs() const {
  std::vector<Pair> pairs;
  for (const auto& [first, forms] : forms_) {
    for (const Form& form : forms) {
      if (form.parts.size() != 2)
        continue;
      const auto alone = find({form.parts[1]});
      if (alone.empty() || alone.front().implied || alone.front().noun != form.noun)
        pairs.push_back({form.parts[0], form.parts[1], form.noun});
    }
  }
  return pairs;
}

std::vector<Things::Mention> Things::find(const Words& words) const {
  const std::vector<Part> parts = split_at_hyphens(words);
  std::vector<Mention> mentions;
  for (size_t i = 0; i < parts.size();) {
    const bool begins_word = i == 0 || parts[i].word != parts[i - 1].word;
    const auto forms = forms_.find(parts[i].text);
    size_t length = 0;
    if (begins_word && forms != forms_.end()) {
      const auto longest =
          std::find_if(forms->second.begin(), forms->second.end(),
                       [&](const Form& form) { return stands_at(form.parts, parts, i); });
      if (longest != forms->second.end()) {
        length = longest->parts.size();
        const size_t first = parts[i].word;
        const size_t count = parts[i + length - 1].word - first + 1;
        if (longest->noun >= 0)
          mentions.push_back({longest->noun, first, count, false});
        for (const int noun : longest->implied)
          mentions.push_back({noun, first, count, true});
      }
    }
    i += std::max<size_t>(length, 1);
  }
  return mentions;
}

std::vector<int> nouns_of_words(const Vocabulary& vocabulary) {
  const Things& things = Things::standard();
  std::vector<int> nouns;
  for (int word = 0; word < vocabulary.size(); ++word) {
    nouns.push_back(-1);
    for (const Things::Mention& mention : things.find({vocabulary.word(word)})) {
      if (!mention.implied)
        nouns.back() = mention.noun;
    }
  }
  return nouns;
}

}  // namespace jetsoncaption
