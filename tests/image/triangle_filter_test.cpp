// SPDX-License-Identifier: LGPL-2.1-or-later
// That the weights of resizing average what they should, for any pair of sizes.
#include "image/triangle_filter.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr int16_t kOne = 256;

std::vector<int> weights_of(const TriangleFilter& filter, int i) {
  return {filter.weights(i), filter.weights(i) + filter.count(i)};
}

class TriangleFilterSizes : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(TriangleFilterSizes, WeighsOnlyPixelsThatExistAndLosesNothing) {
  const auto [from, to] = GetParam();
  const TriangleFilter filter(from, to, kOne);
  ASSERT_EQ(filter.from(), from);
  ASSERT_EQ(filter.to(), to);
  for (int i = 0; i < to; ++i) {
    const auto weights = weights_of(filter, i);
    EXPECT_GE(filter.first(i), 0);
    EXPECT_GE(filter.count(i), 1);
    EXPECT_LE(filter.first(i) + filter.count(i), from);
    EXPECT_LE(filter.count(i), filter.most_taps());
    EXPECT_GE(*std::min_element(weights.begin(), weights.end()), 0);
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0), kOne) << "result " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TriangleFilterSizes,
                         testing::Values(std::pair<int, int>{1, 1}, std::pair<int, int>{1, 224},
                                         std::pair<int, int>{2, 3}, std::pair<int, int>{224, 224},
                                         std::pair<int, int>{641, 224},
                                         std::pair<int, int>{1920, 224},
                                         std::pair<int, int>{16384, 1},
                                         std::pair<int, int>{7, 16384}));

TEST(TriangleFilter, LeavesASizeAsItIs) {
  const TriangleFilter filter(5, 5, kOne);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(filter.first(i), i);
    EXPECT_EQ(weights_of(filter, i), std::vector<int>{kOne});
  }
}

TEST(TriangleFilter, InterpolatesBetweenNeighboursWhenEnlarging) {
  // Results 1 and 2 lie a quarter before and behind the middle between both pixels.
  const TriangleFilter filter(2, 4, kOne);
  EXPECT_EQ(weights_of(filter, 0), std::vector<int>{kOne});
  EXPECT_EQ(weights_of(filter, 1), (std::vector<int>{192, 64}));
  EXPECT_EQ(weights_of(filter, 2), (std::vector<int>{64, 192}));
  EXPECT_EQ(weights_of(filter, 3), std::vector<int>{kOne});
}

TEST(TriangleFilter, IsATriangleOverTwiceTheCoveredPixelsWhenShrinking) {
  // Result 1 of 3 covers pixels 2 and 3; the triangle has heights 1, 3, 3, 1 of 8 there.
  const TriangleFilter filter(6, 3, kOne);
  EXPECT_EQ(filter.first(1), 1);
  EXPECT_EQ(weights_of(filter, 1), (std::vector<int>{32, 96, 96, 32}));
}

TEST(TriangleFilter, GivesASampleTheWeightsOfThePixelsThatShareIt) {
  for (const auto& [from, to] : {std::pair<int, int>{1, 3}, {640, 224}, {641, 224}, {7, 16}}) {
    for (const int shared : {2, 4}) {
      SCOPED_TRACE(testing::Message() << from << " to " << to << ", " << shared << " share one");
      const TriangleFilter pixels(from, to, kOne);
      const TriangleFilter samples(from, to, kOne, shared);
      for (int i = 0; i < to; ++i) {
        std::vector<int> expected(static_cast<size_t>((from + shared - 1) / shared));
        std::vector<int> seen(expected.size());
        for (int k = 0; k < pixels.count(i); ++k)
          expected[static_cast<size_t>((pixels.first(i) + k) / shared)] += pixels.weights(i)[k];
        for (int k = 0; k < samples.count(i); ++k)
          seen.at(static_cast<size_t>(samples.first(i) + k)) = samples.weights(i)[k];
        ASSERT_EQ(seen, expected) << "result " << i;
      }
    }
  }
}

}  // namespace
}  // namespace jetsoncaption
