// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads, builds and writes the list of words a model knows.
#include "text/vocabulary.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <map>
#include <utility>

#include "text/plain_text.h"
#include "text/utf8.h"

namespace jetsoncaption {
namespace {

constexpr size_t kMaxWords = 1000000;
constexpr size_t kMaxWordBytes = 64;
const char* const kSpecialTokens[] = {"<pad>", "<start>", "<end>", "<unk>"};

// What is wrong with a word, or nullptr. Captions are shown and sent to other programs, so that
// characters that do something there are refused together with blanks.
const char* word_fault(const std::string& word) {
  if (word.empty())
    return "is empty";
  if (word.size() > kMaxWordBytes)
    return "is longer than 64 bytes";
  for (size_t i = 0; i < word.size();) {
    const size_t bytes = utf8_character_bytes(word, i);
    if (bytes == 0)
      return "is not UTF-8";
    const auto character = static_cast<unsigned char>(word[i]);
    if (character <= 0x20 || character == 0x7F)
      return "has a blank or a control character in it";
    i += bytes;
  }
  return find_active_character(word) ? "has a character in it that acts on a terminal or a screen"
                                     : nullptr;
}

Error corrupt(const std::string& name, const std::string& what) {
  return {ErrorKind::CorruptModel, name + " " + what + "; it must have one UTF-8 word a line"};
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  ids_.reserve(words_.size());
  for (size_t id = 0; id < words_.size(); ++id)
    ids_.emplace(words_[id], static_cast<int>(id));
}

Result<Vocabulary> Vocabulary::read(std::istream& stream, const std::string& name) {
  std::vector<std::string> words;
  std::unordered_map<std::string, size_t> line_of;
  // One byte more than a word may have, so that a file that is one endless line is not read whole.
  char buffer[kMaxWordBytes + 2];
  while (stream.getline(buffer, sizeof buffer) || stream.gcount() > 0) {
    const bool ended = !stream.eof() && !stream.fail();
    const std::string word(buffer, static_cast<size_t>(stream.gcount()) - (ended ? 1 : 0));
    const std::string line = "line " + std::to_string(words.size() + 1);
    if (const char* fault = word_fault(word))
      return corrupt(name, line + " " + fault);
    const auto added = line_of.emplace(word, words.size() + 1);
    if (!added.second) {
      return corrupt(name, line + " repeats the word '" + word + "' of line " +
                               std::to_string(added.first->second));
    }
    if (words.size() == kMaxWords)
      return corrupt(name, "has more than 1000000 lines");
    words.push_back(word);
  }
  if (stream.bad())
    return corrupt(name, "could not be read to its end");
  if (words.empty())
    return corrupt(name, "is empty");
  return Vocabulary(std::move(words));
}

Vocabulary Vocabulary::build(const std::vector<std::vector<std::string>>& sentences,
                             int min_count) {
  std::map<std::string, int> counts;
  for (const auto& sentence : sentences) {
    for (const auto& word : sentence)
      ++counts[word];
  }
  return build(std::move(counts), min_count);
}

Vocabulary Vocabulary::build(std::map<std::string, int> counts, int min_count,
                             const Vocabulary* known) {
  std::vector<std::string> words(std::begin(kSpecialTokens), std::end(kSpecialTokens));
  const auto is_special = [](const std::string& word) {
    return std::find(std::begin(kSpecialTokens), std::end(kSpecialTokens), word) !=
           std::end(kSpecialTokens);
  };
  if (known != nullptr) {
    std::copy_if(known->words_.begin(), known->words_.end(), std::back_inserter(words),
                 [&](const std::string& word) { return !is_special(word); });
  }
  for (const std::string& word : words)
    counts.erase(word);

  std::vector<std::pair<std::string, int>> frequent;
  for (const auto& entry : counts) {
    if (entry.second >= min_count && word_fault(entry.first) == nullptr)
      frequent.emplace_back(entry);
  }
  // The map is in alphabetical order and a stable sort keeps it among equal counts.
  std::stable_sort(frequent.begin(), frequent.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });

  for (auto& entry : frequent)
    words.push_back(std::move(entry.first));
  return Vocabulary(std::move(words));
}

int Vocabulary::size() const {
  return static_cast<int>(words_.size());
}

const std::string& Vocabulary::word(int id) const {
  assert(id >= 0 && id < size());
  return words_[static_cast<size_t>(id)];
}

int Vocabulary::find(const std::string& word) const {
  const auto found = ids_.find(word);
  return found == ids_.end() ? -1 : found->second;
}

std::string Vocabulary::to_text() const {
  std::string text;
  for (const auto& word : words_)
    text += word + '\n';
  return text;
}

}  // namespace jetsoncaption
