// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of the Penn Treebank tokenizer that matter for captions, and their way back.
//
// After the PTBTokenizer of the COCO caption evaluation (Stanford tokenizer, then a list of
// punctuation that is dropped). Brackets are dropped as its list intends; the original misses them,
// because it looks for "-LRB-" after lower-casing to "-lrb-".
#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace jetsoncaption {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// True for one of `set`, a string of characters. A zero byte is never one.
bool is_one_of(char c, const char* set) {
  return std::find(set, set + std::char_traits<char>::length(set), c) !=
         set + std::char_traits<char>::length(set);
}

const std::array<const char*, 7> kClitics = {"n't", "'s", "'m", "'d", "'re", "'ve", "'ll"};
const std::array<const char*, 4> kApostropheWords = {"'n'", "'n", "'em", "'til"};
const std::array<const char*, 7> kAbbreviations = {"mr.", "mrs.", "ms.", "dr.",
                                                   "st.", "jr.",  "sr."};
const std::array<const char*, 4> kBracketNames = {"-lrb-", "-rrb-", "-lcb-", "-rcb-"};
// Two words that are written as one, with the length of the first.
const std::array<std::pair<const char*, size_t>, 6> kContractions = {
    {{"cannot", 3}, {"gonna", 3}, {"gotta", 3}, {"wanna", 3}, {"lemme", 3}, {"gimme", 3}}};

template <size_t N>
bool contains(const std::array<const char*, N>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// "Mr.", "D.C." and "U." keep their full stop; "sofa." and "a." do not.
bool keeps_full_stop(const std::string& original, const std::string& lowered) {
  if (contains(kAbbreviations, lowered))
    return true;
  if (original.size() == 2)
    return is_upper(original[0]);
  for (size_t i = 0; i < original.size(); ++i) {
    if (i % 2 == 0 ? !is_letter(original[i]) : original[i] != '.')
      return false;
  }
  return true;
}

// Adds what is between two separators: quotes and hyphens at its ends go, clitics come off.
void add_word(std::string original, std::vector<std::string>& words) {
  const auto lowered = [&] {
    std::string copy = original;
    std::transform(copy.begin(), copy.end(), copy.begin(), lower);
    return copy;
  };
  if (contains(kBracketNames, lowered()))
    return;
  while (!original.empty() && is_one_of(original.front(), "-.'") &&
         !contains(kApostropheWords, lowered()) && !contains(kClitics, lowered())) {
    // "'s-eye-view" was written as a clitic with something joined to it.
    const std::string clitic = lowered().substr(0, 2);
    if (original.size() > 2 && contains(kClitics, clitic) && original[2] == '-') {
      words.push_back(clitic);
      original.erase(0, 2);
    }
    original.erase(0, 1);
  }
  while (!original.empty() && is_one_of(original.back(), "-.'") &&
         !contains(kApostropheWords, lowered())) {
    if (original.back() == '.' && keeps_full_stop(original, lowered()))
      break;
    original.pop_back();
  }
  const std::string word = lowered();
  if (word.empty())
    return;
  for (const auto& contraction : kContractions) {
    if (word == contraction.first) {
      words.push_back(word.substr(0, contraction.second));
      words.push_back(word.substr(contraction.second));
      return;
    }
  }
  for (const char* clitic : kClitics) {
    const std::string end = clitic;
    if (word.size() > end.size() && ends_with(word, end)) {
      words.push_back(word.substr(0, word.size() - end.size()));
      words.push_back(end);
      return;
    }
  }
  words.push_back(word);
}

// Typographic quotes, dashes and dots as their ASCII forms.
std::string to_ascii_punctuation(const std::string& sentence) {
  static const std::array<std::pair<const char*, const char*>, 7> kForms = {{{"\u2018", "'"},
                                                                             {"\u2019", "'"},
                                                                             {"\u201C", "\""},
                                                                             {"\u201D", "\""},
                                                                             {"\u2013", "--"},
                                                                             {"\u2014", "--"},
                                                                             {"\u2026", "..."}}};
  std::string text = sentence;
  for (const auto& form : kForms) {
    const std::string from = form.first;
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), form.second);
  }
  return text;
}

}  // namespace

std::vector<std::string> tokenize(const std::string& sentence) {
  const std::string text = to_ascii_punctuation(sentence);
  std::vector<std::string> words;
  std::string word;
  const auto finish_word = [&] { add_word(std::exchange(word, {}), words); };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char before = i > 0 ? text[i - 1] : ' ';
    const char after = i + 1 < text.size() ? text[i + 1] : ' ';
    const bool in_number = is_digit(before) && is_digit(after);  // 2,500 and 2:30
    const bool doubled = before == c || after == c;              // "..." and "--"
    if (is_one_of(c, " \t\r\n\v\f\"`()[]{}!?;\\") || (is_one_of(c, ",:") && !in_number) ||
        (is_one_of(c, ".-") && doubled)) {
      finish_word();
    } else if (is_one_of(c, "#$%=")) {
      finish_word();
      words.emplace_back(1, c);
    } else {
      word += c;
    }
  }
  finish_word();
  return words;
}

std::string detokenize(const std::vector<std::string>& words) {
  std::string sentence;
  for (const auto& word : words) {
    if (!sentence.empty() && !contains(kClitics, word))
      sentence += ' ';
    sentence += word;
  }
  return sentence;
}

std::string primary_language(const std::string& language) {
  std::string primary = language.substr(0, language.find_first_of("-_"));
  std::transform(primary.begin(), primary.end(), primary.begin(), lower);
  return primary;
}

std::string detokenize(const std::vector<std::string>& words, const std::string& language) {
  static const std::array<const char*, 7> kWithoutBlanks = {"zh", "yue", "ja", "th",
                                                            "lo", "km",  "my"};
  const std::string primary = primary_language(language);
  if (primary == "en")
    return detokenize(words);
  const bool blanks = !contains(kWithoutBlanks, primary);
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  std::string sentence;
  for (const auto& word : words) {
    if (word.empty())
      continue;
    if (!sentence.empty() && (blanks || (is_ascii(sentence.back()) && is_ascii(word.front()))))
      sentence += ' ';
    sentence += word;
  }
  return sentence;
}

}  // namespace jetsoncaption
