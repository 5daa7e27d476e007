// SPDX-License-Identifier: LGPL-2.1-or-later
// Decoders that are tables, and options, for testing the search without a model.
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "search/search.h"
#include "search/step_scorer.h"

namespace jetsoncaption {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The words of most tests.
enum Word { kPad, kStart, kEnd, kA, kB, kC, kVocabularySize };

using Sentence = std::vector<int>;
using Probabilities = std::map<int, double>;  // of the next word; words left out have none
using Table = std::map<Sentence, Probabilities>;

inline SearchOptions options(int beam_size, int max_words = 20, float length_penalty = 0.0F) {
  SearchOptions result;
  result.beam_size = beam_size;
  result.max_words = max_words;
  result.length_penalty = length_penalty;
  return result;
}

// Knows the probabilities of the next word after each beginning of a sentence. It keeps the
// beginning in the slots, as a real decoder keeps its state, so wrong parents end in a wrong
// sentence.
class FakeScorer : public StepScorer {
 public:
  explicit FakeScorer(Table table, int vocabulary_size = kVocabularySize)
      : table_(std::move(table)), vocabulary_size_(vocabulary_size) {}

  int vocabulary_size() const override { return vocabulary_size_; }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    ASSERT_EQ(parents.size(), words.size());
    ASSERT_FALSE(words.empty());
    const auto before = slots_;
    slots_.clear();
    log_probabilities.clear();
    for (size_t i = 0; i < words.size(); ++i) {
      ASSERT_LT(static_cast<size_t>(parents[i]), before.size());
      slots_.push_back(before[static_cast<size_t>(parents[i])]);
      if (!all_parents.empty())
        slots_.back().push_back(words[i]);
      const auto row = log_probabilities_after(slots_.back());
      log_probabilities.insert(log_probabilities.end(), row.begin(), row.end());
    }
    all_parents.push_back(parents);
    all_words.push_back(words);
  }

  // Two cells: what the sentence so far says, as a number below 1, and the rest.
  void copy_attention(std::vector<float>& maps) const override {
    maps.clear();
    for (const Sentence& sentence : slots_) {
      const float cell = attention_after(sentence);
      maps.insert(maps.end(), {cell, 1 - cell});
    }
    ++attention_copies;
  }

  // The words as decimal digits: 0.34 after "3 4".
  static float attention_after(const Sentence& sentence) {
    float value = 0;
    float digit = 1;
    for (const int word : sentence)
      value += (digit /= 10) * static_cast<float>(word);
    return value;
  }

  virtual std::vector<float> log_probabilities_after(const Sentence& sentence) const {
    std::vector<float> row(static_cast<size_t>(vocabulary_size_), -kInfinity);
    const auto known = table_.find(sentence);
    if (known == table_.end()) {
      ADD_FAILURE() << "a sentence was continued that the test does not expect";
      return row;
    }
    for (const auto& entry : known->second)
      row[static_cast<size_t>(entry.first)] = static_cast<float>(std::log(entry.second));
    return row;
  }

  // What each step was called with.
  std::vector<std::vector<int>> all_parents;
  std::vector<std::vector<int>> all_words;
  mutable int attention_copies = 0;

 private:
  Table table_;
  int vocabulary_size_;
  std::vector<Sentence> slots_{{}};
};

// The same log-probabilities at every step.
class ConstantScorer : public FakeScorer {
 public:
  explicit ConstantScorer(std::vector<float> row)
      : FakeScorer({}, static_cast<int>(row.size())), row_(std::move(row)) {}
  std::vector<float> log_probabilities_after(const Sentence&) const override { return row_; }

 private:
  std::vector<float> row_;
};

}  // namespace jetsoncaption
