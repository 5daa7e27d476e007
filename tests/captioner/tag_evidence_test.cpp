// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of what tags say of words.
#include "captioner/tag_evidence.h"

#include <cmath>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

class TagEvidenceTest : public ::testing::Test {
 protected:
  int id(const char* word) const { return words_.find(word); }
  int thing(const char* word) const { return evidence_.things().of(id(word)); }

  const Vocabulary words_ = Vocabulary::build(
      {{"a", "horse", "horses", "dog", "kitchen", "pony", "pizza", "food", "hot"}}, 1);
  TagEvidence evidence_{words_};
};

TEST_F(TagEvidenceTest, SpeaksOfAllFormsOfANoun) {
  evidence_.look_at({{id("horse"), 0.8F}, {id("dog"), 0.25F}});
  EXPECT_EQ(evidence_.probability(thing("horse")), 0.8F);
  EXPECT_EQ(evidence_.probability(thing("horses")), 0.8F);
  EXPECT_EQ(thing("horse"), thing("horses"));
}

TEST_F(TagEvidenceTest, SaysNothingOfWordsWithoutATag) {
  evidence_.look_at({{id("horse"), 0.8F}});
  EXPECT_LT(thing("a"), 0) << "names nothing";
  EXPECT_LT(evidence_.probability(thing("kitchen")), 0) << "a thing, but no tag is for it";
  EXPECT_LT(evidence_.probability_accepted(thing("kitchen")), 0);
}

TEST_F(TagEvidenceTest, ForgetsThePictureBefore) {
  evidence_.look_at({{id("dog"), 0.8F}});
  evidence_.look_at({{id("horse"), 0.8F}});
  EXPECT_LT(evidence_.probability(thing("dog")), 0);
  EXPECT_LT(evidence_.probability_accepted(thing("dog")), 0);
}

TEST_F(TagEvidenceTest, AcceptsWhatAFairReaderAccepts) {
  evidence_.look_at({{id("pony"), 0.7F}, {id("pizza"), 0.6F}, {id("food"), 0.2F}});
  EXPECT_LT(evidence_.probability(thing("horse")), 0) << "the tag is of a pony";
  EXPECT_EQ(evidence_.probability_accepted(thing("horse")), 0.7F);
  EXPECT_EQ(evidence_.probability_accepted(thing("food")), 0.6F) << "a pizza is food";
  EXPECT_EQ(evidence_.probability_accepted(thing("pizza")), 0.6F) << "not all food is pizza";
}

TEST_F(TagEvidenceTest, KnowsThatAHotDogIsNoDog) {
  const int dog = evidence_.things().of(id("dog"));
  EXPECT_EQ(evidence_.things().of(id("a"), id("dog")), dog);
  EXPECT_NE(evidence_.things().of(id("hot"), id("dog")), dog);
  EXPECT_TRUE(evidence_.things().is_pair(id("hot"), id("dog")));
}

TEST_F(TagEvidenceTest, SpeaksAgainstWhatIsNotSeenAndForNothing) {
  evidence_.look_at({{id("horse"), 0.8F}, {id("dog"), 0.25F}, {id("kitchen"), 0.5F}});
  const std::vector<float> of_words = evidence_.of_words(0.5);
  ASSERT_EQ(of_words.size(), static_cast<size_t>(words_.size()));
  EXPECT_NEAR(of_words[static_cast<size_t>(id("horses"))], 0, 1e-6);
  EXPECT_NEAR(of_words[static_cast<size_t>(id("dog"))], 0.5 * (std::log(1.0 / 3) - 0.5), 1e-5);
  EXPECT_NEAR(of_words[static_cast<size_t>(id("kitchen"))], -0.25, 1e-6);
  EXPECT_EQ(of_words[static_cast<size_t>(id("a"))], 0);
}

TEST_F(TagEvidenceTest, IsBoundedWhereATagIsImpossible) {
  evidence_.look_at({{id("dog"), 0}});
  EXPECT_NEAR(evidence_.of_words(1)[static_cast<size_t>(id("dog"))], std::log(1.0 / 999) - 0.5,
              1e-4);
}

TEST_F(TagEvidenceTest, OfAModelWithoutTagsSaysNothing) {
  evidence_.look_at({});
  for (const float value : evidence_.of_words(1))
    EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace jetsoncaption
