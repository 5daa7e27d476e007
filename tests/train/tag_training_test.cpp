// SPDX-License-Identifier: LGPL-2.1-or-later
// Tags learn what sentences name, and the decoder is not told the whole truth about them.
#include "train/tag_training.h"

#include <gtest/gtest.h>

#include <torch/torch.h>

#include "train/tag_cells.h"

namespace jetsoncaption {
namespace {

const Vocabulary& vocabulary() {
  static const Vocabulary words = Vocabulary::build({{"a", "dog", "cat", "red"}}, 1);
  return words;
}

void no_progress(const std::string&, int, int) {}

TEST(TagNouns, AreTheThingsThatTheVocabularyHasAWordFor) {
  const TagNouns nouns(vocabulary());
  ASSERT_EQ(nouns.classes(), 2);
  EXPECT_GE(nouns.find("dog"), 0);
  EXPECT_EQ(nouns.find("red"), -1) << "no thing";
  EXPECT_EQ(nouns.find("horse"), -1) << "no word of the vocabulary";
  EXPECT_EQ(vocabulary().word(nouns.words()[static_cast<size_t>(nouns.find("cat"))]), "cat");
}

TEST(TagNouns, FindsPluralsAndEachNounOnce) {
  const TagNouns nouns(vocabulary());
  EXPECT_EQ(nouns.named({"two", "dogs", "and", "a", "dog"}), (std::vector<int>{nouns.find("dog")}));
}

TEST(TagTargets, AreWhatAnySentenceOfThePictureNames) {
  const TagNouns nouns(vocabulary());
  Dataset dataset;
  dataset.ids = {"1", "2"};
  dataset.references = {{{"a", "dog"}, {"a", "cat"}}, {{"red"}}};
  const auto targets = tag_targets(dataset, nouns, Teacher(), no_progress);
  ASSERT_TRUE(targets.ok());
  EXPECT_EQ(targets.value()[0].sum().item<float>(), 2);
  EXPECT_EQ(targets.value()[1].sum().item<float>(), 0);
}

TEST(TagTargets, ATeacherThatIsMissingIsASentence) {
  const TagNouns nouns(vocabulary());
  const auto targets =
      tag_targets(Dataset(), nouns, {"nowhere.safetensors", "c", "n"}, no_progress);
  ASSERT_FALSE(targets.ok());
  EXPECT_NE(targets.error().message.find("nowhere.json"), std::string::npos);
}

TEST(FitTags, LearnsToTellClassesApart) {
  torch::manual_seed(1);
  // Channel 0 is the first class, channel 1 the second.
  const auto targets = torch::eye(2).repeat({128, 1});
  const auto means = targets.unsqueeze(1).expand({256, 5, 2}).contiguous();
  NamedTensors parameters{{"tags.weight", torch::zeros({2, 2})}, {"tags.bias", torch::zeros(2)}};
  fit_tags(means, targets, parameters, no_progress);
  const auto scores = joined_scores(
      torch::linear(means.narrow(0, 0, 2), parameters["tags.weight"], parameters["tags.bias"]));
  EXPECT_GT(scores[0][0].item<float>(), scores[0][1].item<float>());
  EXPECT_GT(scores[1][1].item<float>(), scores[1][0].item<float>());
}

TEST(TagCells, DisturbedTagsLoseSomeAndGetWrongOnes) {
  torch::manual_seed(1);
  TagCells cells{torch::full({100, 8}, 5, torch::kInt64), torch::full({100, 8}, 0.5)};
  disturb(cells, {7});
  const int all = 800;
  const int gone = (cells.words == 0).sum().item<int>();
  const int wrong = (cells.words == 7).sum().item<int>();
  EXPECT_GT(gone, all / 10);
  EXPECT_LT(gone, all / 3);
  EXPECT_GT(wrong, all / 20);
  EXPECT_LT(wrong, all / 5);
  EXPECT_EQ(cells.probabilities.masked_select(cells.words == 0).sum().item<float>(), 0);
  EXPECT_GT(cells.probabilities.std().item<float>(), 0.05F) << "they are shaken";
}

TEST(TagCells, ClassesThatNothingShowsTakeThePlaceOfTheLastTags) {
  torch::manual_seed(1);
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    TagCells cells{torch::tensor({{4, 5, 6}}, torch::kInt64), torch::tensor({{0.9, 0.5, 0.1}})};
    add_classes(cells, {{0}}, {9});
    EXPECT_EQ(cells.words[0][0].item<int64_t>(), 4);
    told += cells.words[0][2].item<int64_t>() == 9 ? 1 : 0;
  }
  EXPECT_GT(told, 60);
  EXPECT_LT(told, 90) << "a share is left out";
}

TEST(TagCells, AClassThatIsThereAlreadyIsNotAddedAgain) {
  TagCells cells{torch::tensor({{9, 5, 6}}, torch::kInt64), torch::tensor({{0.9, 0.5, 0.1}})};
  add_classes(cells, {{0}}, {9});
  EXPECT_EQ(cells.words[0][2].item<int64_t>(), 6);
}

}  // namespace
}  // namespace jetsoncaption
