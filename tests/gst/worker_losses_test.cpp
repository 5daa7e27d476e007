// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of when a worker process is started again, and when a more modest one.
#include "plugin/session/worker_losses.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WorkerLosses::TimePoint kStart{seconds(1000)};

TEST(WorkerLosses, PausesGrowFromHalfASecondToHalfAMinute) {
  WorkerLosses losses;
  EXPECT_TRUE(losses.is_over(kStart));
  WorkerLosses::TimePoint now = kStart;
  for (const int expected : {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}) {
    losses.lost(now, seconds(29));
    EXPECT_EQ(losses.pause(), milliseconds(expected));
    EXPECT_FALSE(losses.is_over(now + milliseconds(expected - 1)));
    now += milliseconds(expected);
    EXPECT_TRUE(losses.is_over(now));
    now += seconds(29);
  }
}

TEST(WorkerLosses, ThreeOneAfterTheOtherAreMany) {
  WorkerLosses losses;
  for (const bool many : {false, false, true, true}) {
    losses.lost(kStart, seconds(1));
    EXPECT_EQ(losses.are_many(), many);
  }
}

TEST(WorkerLosses, BeginAnewWhenOneWasReadyForHalfAMinute) {
  WorkerLosses losses;
  for (int i = 0; i < 7; ++i)
    losses.lost(kStart, seconds(0));
  losses.lost(kStart + seconds(100), seconds(30));
  EXPECT_FALSE(losses.are_many());
  EXPECT_EQ(losses.pause(), milliseconds(500));
}

// A driver that hangs while the model is loaded is ended after a minute each time.
TEST(WorkerLosses, WhileTheModelIsLoadedAreCountedHoweverLongThatTakes) {
  WorkerLosses losses;
  for (int i = 0; i < 3; ++i)
    losses.lost(kStart + seconds(90 * i), seconds(0));
  EXPECT_TRUE(losses.are_many());
  EXPECT_EQ(losses.pause(), milliseconds(2000));
}

}  // namespace
}  // namespace jetsoncaption
