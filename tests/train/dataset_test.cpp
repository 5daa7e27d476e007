// SPDX-License-Identifier: LGPL-2.1-or-later
// Sentences become the rows that training needs.
#include "train/dataset.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

// Special tokens as in config.h, then the words of these tests.
enum Id { kPad, kStart, kEnd, kUnknown, kA, kDog, kRuns };

Vocabulary make_vocabulary() {
  return Vocabulary::build({{"a", "a", "a", "dog", "dog", "runs"}}, 1);
}

std::vector<int64_t> row(const torch::Tensor& ids, int64_t picture, int64_t sentence) {
  const auto values = ids[picture][sentence].contiguous();
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

TEST(EncodeSentences, BeginsWithTheStartAndEndsWithTheEnd) {
  const std::vector<Words> references = {{"a", "dog", "runs"}};
  const auto encoded = encode_sentences({&references}, 1, 20, make_vocabulary());
  EXPECT_EQ(row(encoded.inputs, 0, 0), (std::vector<int64_t>{kStart, kA, kDog, kRuns}));
  EXPECT_EQ(row(encoded.targets, 0, 0), (std::vector<int64_t>{kA, kDog, kRuns, kEnd}));
}

TEST(EncodeSentences, PutsTheLongestSentenceOfAPictureFirstAndPadsTheOthers) {
  const std::vector<Words> references = {{"runs"}, {"a", "dog"}};
  const auto encoded = encode_sentences({&references}, 2, 20, make_vocabulary());
  EXPECT_EQ(row(encoded.targets, 0, 0), (std::vector<int64_t>{kA, kDog, kEnd}));
  EXPECT_EQ(row(encoded.targets, 0, 1), (std::vector<int64_t>{kRuns, kEnd, kPad}));
  EXPECT_EQ(row(encoded.inputs, 0, 1), (std::vector<int64_t>{kStart, kRuns, kPad}));
}

TEST(EncodeSentences, LeavesRowsEmptyWhereAPictureHasTooFewSentences) {
  const std::vector<Words> two = {{"a"}, {"dog"}};
  const std::vector<Words> one = {{"runs"}};
  const auto encoded = encode_sentences({&two, &one}, 3, 20, make_vocabulary());
  ASSERT_EQ(encoded.targets.sizes(), (std::vector<int64_t>{2, 3, 2}));
  EXPECT_EQ(row(encoded.targets, 0, 1), (std::vector<int64_t>{kDog, kEnd}));
  EXPECT_EQ(row(encoded.targets, 1, 0), (std::vector<int64_t>{kRuns, kEnd}));
  for (const auto& [picture, sentence] : {std::pair<int, int>{0, 2}, {1, 1}, {1, 2}})
    EXPECT_EQ(row(encoded.targets, picture, sentence), (std::vector<int64_t>{kPad, kPad}));
}

TEST(EncodeSentences, CutsLongSentencesAndMarksUnknownWords) {
  const std::vector<Words> references = {{"a", "zebra", "runs", "a", "dog"}};
  const auto encoded = encode_sentences({&references}, 1, 3, make_vocabulary());
  EXPECT_EQ(row(encoded.inputs, 0, 0), (std::vector<int64_t>{kStart, kA, kUnknown, kRuns}));
  EXPECT_EQ(row(encoded.targets, 0, 0), (std::vector<int64_t>{kA, kUnknown, kRuns, kEnd}));
}

TEST(EncodeSentences, TakesSentencesWithoutWords) {
  const std::vector<Words> references = {{}};
  const auto encoded = encode_sentences({&references}, 1, 20, make_vocabulary());
  EXPECT_EQ(row(encoded.inputs, 0, 0), (std::vector<int64_t>{kStart}));
  EXPECT_EQ(row(encoded.targets, 0, 0), (std::vector<int64_t>{kEnd}));
}

}  // namespace
}  // namespace jetsoncaption
