// SPDX-License-Identifier: LGPL-2.1-or-later
// The latency that is told follows what frames wait, but neither noise nor single slow frames.
#include "plugin/session/wait_latency.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr uint64_t kMs = 1'000'000;

TEST(WaitLatency, IsThatOfTheFirstFrameAtFirst) {
  WaitLatency latency;
  EXPECT_EQ(latency.latency_ns(), 0u);
  EXPECT_TRUE(latency.add(20 * kMs + 1));
  EXPECT_EQ(latency.latency_ns(), 21 * kMs);
}

TEST(WaitLatency, IsNotRaisedByOneSlowFrame) {
  for (const int fast : {1, 2, 10, 100}) {
    WaitLatency latency;
    for (int i = 0; i < fast; i++)
      latency.add(20 * kMs);
    EXPECT_FALSE(latency.add(1500 * kMs)) << "after " << fast;
    EXPECT_EQ(latency.latency_ns(), 21 * kMs);
  }
}

TEST(WaitLatency, RisesWhenFramesStaySlow) {
  WaitLatency latency;
  for (int i = 0; i < 100; i++)
    latency.add(20 * kMs);
  for (int i = 0; i < 10; i++)
    latency.add(50 * kMs);
  EXPECT_EQ(latency.latency_ns(), 51 * kMs);
}

TEST(WaitLatency, FallsWhenFramesAreFastAgain) {
  WaitLatency latency;
  for (int i = 0; i < 100; i++)
    latency.add(1500 * kMs);
  EXPECT_EQ(latency.latency_ns(), 1501 * kMs);
  for (int i = 0; i < 64; i++)
    latency.add(20 * kMs);
  EXPECT_EQ(latency.latency_ns(), 21 * kMs);
}

TEST(WaitLatency, DoesNotKeepASlowFirstFrame) {
  WaitLatency latency;
  latency.add(1500 * kMs);
  latency.add(20 * kMs);
  EXPECT_EQ(latency.latency_ns(), 21 * kMs);
}

TEST(WaitLatency, IsToldOnceWhereItStaysTheSame) {
  for (const uint64_t wait_us : {1, 300, 700, 1200, 2100, 20000}) {
    WaitLatency latency;
    EXPECT_TRUE(latency.add(wait_us * 1000)) << wait_us;
    for (int i = 0; i < 100; i++)
      ASSERT_FALSE(latency.add(wait_us * 1000)) << wait_us;
  }
}

TEST(WaitLatency, IsNotToldOfNoise) {
  WaitLatency latency;
  latency.add(20 * kMs);
  for (const uint64_t wait : {21, 22, 19, 20, 18, 23})
    EXPECT_FALSE(latency.add(wait * kMs)) << wait;
}

TEST(WaitLatency, HasABound) {
  WaitLatency latency;
  latency.add(60'000 * kMs);
  EXPECT_LE(latency.latency_ns(), WaitLatency::kMostNs + kMs);
}

}  // namespace
}  // namespace jetsoncaption
