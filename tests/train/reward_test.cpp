// SPDX-License-Identifier: LGPL-2.1-or-later
// Sentences that make things up, or repeat themselves, are worth less.
#include "train/reward.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr double kPenalty = 0.3;
constexpr double kTolerance = 1e-9;

// Picture 0 has three references, picture 1 one.
std::vector<std::vector<Words>> references() {
  return {{{"a", "dog", "runs"}, {"a", "dog"}, {"the", "dog", "plays"}}, {{"a", "cat"}}};
}

double lost(const Words& words, size_t picture) {
  return SentenceReward(references(), 0).reward(words, picture) -
         SentenceReward(references(), kPenalty).reward(words, picture);
}

TEST(SentenceReward, TakesNothingOffForWhatAReferenceNames) {
  EXPECT_NEAR(lost({"a", "dog", "runs"}, 0), 0, kTolerance);
}

TEST(SentenceReward, TakesOffForEachThingThatNoReferenceNames) {
  EXPECT_NEAR(lost({"a", "dog", "in", "a", "boat"}, 0), kPenalty, kTolerance);
  EXPECT_NEAR(lost({"a", "cat", "in", "a", "boat"}, 0), 2 * kPenalty, kTolerance);
}

TEST(SentenceReward, TakesOffLessWhereOneReferenceCannotNameAllThatIsThere) {
  EXPECT_NEAR(lost({"a", "cat", "in", "a", "boat"}, 1), kPenalty / 2, kTolerance);
}

TEST(SentenceReward, TakesOffForAThingThatIsNamedTwice) {
  EXPECT_NEAR(lost({"a", "dog", "and", "a", "dog"}, 0), kPenalty, kTolerance);
}

TEST(SentenceReward, PrefersTheReferencesToOthers) {
  const SentenceReward reward(references(), kPenalty);
  EXPECT_GT(reward.reward({"a", "dog", "runs"}, 0), reward.reward({"a", "cat"}, 0));
}

}  // namespace
}  // namespace jetsoncaption
