// SPDX-License-Identifier: LGPL-2.1-or-later
// Data sets are read in the order of their list, and sentences become the rows that training needs.
#include "train/dataset.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "colours.h"
#include "fakes/temporary_directory.h"

namespace jetsoncaption {
namespace {

void no_progress(const std::string&, int, int) {}

// Special tokens as in config.h, then the words of these tests.
enum Id { kPad, kStart, kEnd, kUnknown, kA, kDog, kRuns };

Vocabulary make_vocabulary() {
  return Vocabulary::build({{"a", "a", "a", "dog", "dog", "runs"}}, 1);
}

std::vector<int64_t> row(const torch::Tensor& ids, int64_t picture, int64_t sentence) {
  const auto values = ids[picture][sentence].contiguous();
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

class DatasetTest : public testing::Test {
 protected:
  Result<Dataset> load(int width, int height) {
    return load_dataset("pictures", directory_.file("captions.txt"), directory_.file("list.txt"),
                        width, height, read_colour, no_progress);
  }
  TemporaryDirectory directory_;
};

TEST_F(DatasetTest, KeepsTheOrderOfTheListAndOfTheSentences) {
  directory_.write("captions.txt", "red.png\tA red one.\ngreen.png\tGreen!\nred.png\tRed again\n");
  directory_.write("list.txt", "green.png\nred.png\n");
  const auto dataset = load(8, 8);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset.value().ids, (std::vector<std::string>{"green.png", "red.png"}));
  EXPECT_EQ(dataset.value().references, (std::vector<std::vector<Words>>{
                                            {{"green"}}, {{"a", "red", "one"}, {"red", "again"}}}));
}

TEST_F(DatasetTest, ReadsLinesThatEndAsOnWindowsAndSkipsEmptyOnes) {
  directory_.write("captions.txt", "red.png\tA red one.\r\n\r\n");
  directory_.write("list.txt", "red.png\r\n\n");
  const auto dataset = load(8, 8);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(dataset.value().references[0][0], (Words{"a", "red", "one"}));
}

TEST_F(DatasetTest, KeepsPicturesAsPlanesOfTheSizeThatIsAskedFor) {
  directory_.write("captions.txt", "red.png\tred\nturquoise.png\tturquoise\n");
  directory_.write("list.txt", "red.png\nturquoise.png\n");
  const auto dataset = load(10, 6);
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  const torch::Tensor& pictures = dataset.value().pictures;
  ASSERT_EQ(pictures.sizes(), (std::vector<int64_t>{2, 3, 6, 10}));
  ASSERT_EQ(pictures.scalar_type(), torch::kUInt8);
  const std::vector<std::vector<int>> planes = {{255, 0, 0}, {0, 255, 255}};
  for (int64_t picture = 0; picture < 2; ++picture) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      const int value = planes[static_cast<size_t>(picture)][static_cast<size_t>(channel)];
      EXPECT_TRUE((pictures[picture][channel] == value).all().item<bool>());
    }
  }
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
