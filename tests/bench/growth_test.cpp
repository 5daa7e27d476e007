// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bench/growth.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr double kPeriod = 92;

// What a soak reads: two models in turn of which one needs 8 MB more, noise, and a leak.
std::vector<Reading> readings_of(int seconds, double leak_an_hour, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::normal_distribution<double> noise{0, 0.3};
  std::vector<Reading> readings;
  for (int second = 0; second < seconds; second++) {
    const double model = second % 92 < 46 ? 8 : 0;
    readings.push_back(
        {static_cast<double>(second), 20 + model + noise(random) + leak_an_hour * second / 3600});
  }
  return readings;
}

TEST(Growth, IsNotSeenInWhatComesBack) {
  for (unsigned seed = 1; seed <= 20; seed++) {
    const Growth growth = growth_of(readings_of(3000, 0, seed), kPeriod);
    EXPECT_TRUE(growth.is_known());
    EXPECT_FALSE(growth.is_seen(1)) << growth.an_hour << " with an error of " << growth.error;
  }
}

TEST(Growth, OfALeakIsSeen) {
  const Growth growth = growth_of(readings_of(3000, 2), kPeriod);
  EXPECT_TRUE(growth.is_seen(1)) << growth.an_hour << " with an error of " << growth.error;
  EXPECT_NEAR(growth.an_hour, 2, 0.2);
}

TEST(Growth, UpToWhatIsAllowedIsNotCounted) {
  EXPECT_FALSE(growth_of(readings_of(3000, 0.5), kPeriod).is_seen(1));
}

TEST(Growth, IsNotKnownAfterAShortTime) {
  EXPECT_FALSE(growth_of(readings_of(120, 0), kPeriod).is_known());
  EXPECT_FALSE(growth_of(readings_of(120, 1000), kPeriod).is_seen(1));
  EXPECT_FALSE(growth_of({}, kPeriod).is_known());
}

TEST(Growth, OfReadingsWithHolesIsTheSame) {
  std::vector<Reading> readings = readings_of(3000, 20);
  readings.erase(readings.begin() + 1000, readings.begin() + 1020);
  EXPECT_NEAR(growth_of(readings, kPeriod).an_hour, 20, 1);
}

}  // namespace
}  // namespace jetsoncaption
