// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of what confidences are worth.
#include "text/reliability.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(RankingQuality, IsTheShareOfPairsInTheRightOrder) {
  // Good ones at 0.9 and 0.4, bad ones at 0.5 and 0.1: three of four pairs are in order.
  EXPECT_DOUBLE_EQ(ranking_quality({0.9, 0.5, 0.4, 0.1}, {true, false, true, false}), 0.75);
  EXPECT_DOUBLE_EQ(ranking_quality({0.1, 0.9}, {true, false}), 0);
}

TEST(RankingQuality, CountsEqualOnesHalf) {
  EXPECT_DOUBLE_EQ(ranking_quality({0.5, 0.5, 0.5}, {true, false, true}), 0.5);
  EXPECT_DOUBLE_EQ(ranking_quality({0.5, 0.5, 0.2}, {true, false, false}), 0.75);
}

TEST(RankingQuality, TellsNothingOfOneKind) {
  EXPECT_DOUBLE_EQ(ranking_quality({0.1, 0.9}, {true, true}), 0.5);
  EXPECT_DOUBLE_EQ(ranking_quality({}, {}), 0.5);
}

TEST(CalibrationGap, IsZeroWhereConfidenceIsTheShareOfGoodOnes) {
  EXPECT_NEAR(calibration_gap({0.75, 0.75, 0.75, 0.75}, {true, true, true, false}), 0, 1e-12);
}

TEST(CalibrationGap, IsTheMeanDistanceOfTheBins) {
  // Three at 0.9 of which one is good: 0.9 - 1/3 too much; one at 0.2 that is bad: 0.2 too much.
  EXPECT_NEAR(calibration_gap({0.9, 0.9, 0.9, 0.2}, {true, false, false, false}),
              (3 * (0.9 - 1.0 / 3) + 0.2) / 4, 1e-12);
}

TEST(CalibrationGap, KnowsTheEndsOfTheScale) {
  EXPECT_DOUBLE_EQ(calibration_gap({1, 0}, {true, false}), 0);
  EXPECT_DOUBLE_EQ(calibration_gap({}, {}), 0);
}

}  // namespace
}  // namespace jetsoncaption
