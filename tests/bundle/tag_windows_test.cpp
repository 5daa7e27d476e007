// SPDX-License-Identifier: LGPL-2.1-or-later
// Windows cover the grid, and nouns are as likely as the best of their classes and windows.
#include "bundle/tag_windows.h"

#include <cmath>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr float kTolerance = 1e-6F;  // rounding of fp32

float logistic(float score) {
  return 1 / (1 + std::exp(-score));
}

TEST(TagWindows, AreTheWholeGridAndItsQuarters) {
  const auto windows = tag_windows(7, 2);
  ASSERT_EQ(windows.size(), 5U);
  EXPECT_EQ(windows[0].width, 7);
  EXPECT_EQ(windows[0].height, 2);
  for (size_t i = 1; i < windows.size(); ++i) {
    EXPECT_EQ(windows[i].width, 4) << "the middle column belongs to both sides";
    EXPECT_EQ(windows[i].height, 1);
  }
  EXPECT_EQ(windows[4].left, 3);
  EXPECT_EQ(windows[4].top, 1);
}

TEST(TagWindows, OfAGridOfOneCellAreThatCell) {
  for (const TagWindow& window : tag_windows(1, 1)) {
    EXPECT_EQ(window.left, 0);
    EXPECT_EQ(window.width, 1);
    EXPECT_EQ(window.height, 1);
  }
}

TEST(SortTags, ANounIsAsLikelyAsTheMeanOfTheWholeAndTheBestWindow) {
  const auto tags = sort_tags({1, -2, -1, 3}, {7, 8});  // two windows of two classes
  ASSERT_EQ(tags.size(), 2U);
  EXPECT_EQ(tags[0].word, 7);
  EXPECT_NEAR(tags[0].probability, logistic(1), kTolerance);
  EXPECT_EQ(tags[1].word, 8);
  EXPECT_NEAR(tags[1].probability, logistic(0.5F), kTolerance);
}

TEST(SortTags, ANounOfSeveralClassesIsAsLikelyAsTheBestOfThem) {
  const auto tags = sort_tags({0, 2, 1}, {7, 9, 7});
  ASSERT_EQ(tags.size(), 2U);
  EXPECT_EQ(tags[0].word, 9);
  EXPECT_EQ(tags[1].word, 7);
  EXPECT_NEAR(tags[1].probability, logistic(1), kTolerance);
}

TEST(SortTags, ClassesWithoutANounAreNoTags) {
  const auto tags = sort_tags({5, 1}, {-1, 3});
  ASSERT_EQ(tags.size(), 1U);
  EXPECT_EQ(tags[0].word, 3);
}

TEST(SortTags, OfEquallyLikelyNounsTheEarlierClassComesFirst) {
  const auto tags = sort_tags({1, 1, 1}, {9, 3, 5});
  ASSERT_EQ(tags.size(), 3U);
  EXPECT_EQ(tags[0].word, 9);
  EXPECT_EQ(tags[1].word, 3);
  EXPECT_EQ(tags[2].word, 5);
}

}  // namespace
}  // namespace jetsoncaption
