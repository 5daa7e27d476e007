// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of warning about memory once for each crossing.
#include "memory/policy.h"

#include <limits>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

MemoryReading used(uint64_t bytes) {
  MemoryReading reading;
  reading.used_bytes = bytes;
  return reading;
}

TEST(MemoryPolicy, ReportsNothingUpToTheThreshold) {
  MemoryPolicy policy(1000);
  EXPECT_EQ(policy.update(used(0)), MemoryEvent::None);
  EXPECT_EQ(policy.update(used(1000)), MemoryEvent::None);
  EXPECT_FALSE(policy.is_exceeded());
}

TEST(MemoryPolicy, ReportsOnceUntilUseFallsWellBelowTheThreshold) {
  MemoryPolicy policy(1000);
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::Exceeded);
  EXPECT_EQ(policy.update(used(1200)), MemoryEvent::None) << "already reported";
  EXPECT_EQ(policy.update(used(950)), MemoryEvent::None) << "not low enough to arm again";
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::None) << "not armed";
  EXPECT_TRUE(policy.is_exceeded());
  EXPECT_EQ(policy.update(used(901)), MemoryEvent::None);
  EXPECT_EQ(policy.update(used(900)), MemoryEvent::Recovered);
  EXPECT_FALSE(policy.is_exceeded());
  EXPECT_EQ(policy.update(used(800)), MemoryEvent::None) << "already reported";
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::Exceeded) << "armed again";
}

TEST(MemoryPolicy, FirstReadingMayExceed) {
  MemoryPolicy policy(1);
  EXPECT_EQ(policy.update(used(100000000)), MemoryEvent::Exceeded);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(policy.update(used(100000000)), MemoryEvent::None);
}

TEST(MemoryPolicy, ZeroIsNoLimit) {
  MemoryPolicy policy(0);
  EXPECT_EQ(policy.update(used(std::numeric_limits<uint64_t>::max())), MemoryEvent::None);
}

TEST(MemoryPolicy, LargestThresholdDoesNotOverflow) {
  MemoryPolicy policy(std::numeric_limits<uint64_t>::max() - 1);
  EXPECT_EQ(policy.update(used(std::numeric_limits<uint64_t>::max())), MemoryEvent::Exceeded);
  EXPECT_EQ(policy.update(used(std::numeric_limits<uint64_t>::max() / 2)), MemoryEvent::Recovered);
}

TEST(MemoryPolicy, RaisedThresholdRecovers) {
  MemoryPolicy policy(1000);
  policy.update(used(1001));
  policy.set_threshold_bytes(2000);
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::Recovered);
}

TEST(MemoryPolicy, LoweredThresholdIsExceeded) {
  MemoryPolicy policy(2000);
  policy.update(used(1001));
  policy.set_threshold_bytes(1000);
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::Exceeded);
}

TEST(MemoryPolicy, RemovedThresholdRecovers) {
  MemoryPolicy policy(1000);
  policy.update(used(1001));
  policy.set_threshold_bytes(0);
  EXPECT_EQ(policy.update(used(1001)), MemoryEvent::Recovered);
}

}  // namespace
}  // namespace jetsoncaption
