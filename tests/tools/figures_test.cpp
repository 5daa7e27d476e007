// SPDX-License-Identifier: LGPL-2.1-or-later
// The figures that the tools print.
#include "tools/figures.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

TEST(Rounded, KeepsAsManyDecimalsAsAsked) {
  EXPECT_EQ(rounded(0.41236, 4), 0.4124);
  EXPECT_EQ(rounded(-1.25, 0), -1.0);
}

TEST(FormatFixed, PadsWithZeros) {
  EXPECT_EQ(format_fixed(2.5, 3), "2.500");
}

TEST(FormatJson, ReplacesBytesThatAreNotUtf8) {
  const std::string text = format_json({{"file", "a\xFF.jpg"}});

  EXPECT_EQ(text, "{\"file\":\"a\xEF\xBF\xBD.jpg\"}");
}

TEST(Percentile, IsTheNearestRank) {
  const std::vector<double> values = {5, 1, 4, 2, 3, 6, 7, 8, 10, 9};

  EXPECT_EQ(percentile(values, 50), 5);
  EXPECT_EQ(percentile(values, 95), 10);
  EXPECT_EQ(percentile(values, 100), 10);
  EXPECT_EQ(percentile(values, 1), 1);
}

TEST(Percentile, OfOneValueIsThatValue) {
  EXPECT_EQ(percentile({3.5}, 99), 3.5);
}

}  // namespace
}  // namespace jetsoncaption
