// SPDX-License-Identifier: LGPL-2.1-or-later
// Pauses between two tries grow while failures go on.
#include "plugin/session/retry_pause.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::seconds;

constexpr RetryPause::TimePoint kStart{seconds(1000)};

TEST(RetryPause, IsOverWhenNothingFailed) {
  EXPECT_TRUE(RetryPause().is_over(kStart));
}

TEST(RetryPause, DoublesFromOneSecondToAMinute) {
  RetryPause pause;
  RetryPause::TimePoint now = kStart;
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
    pause.failed(now);
    EXPECT_EQ(pause.length(), seconds(expected));
    EXPECT_FALSE(pause.is_over(now + seconds(expected) - std::chrono::milliseconds(1)));
    now += seconds(expected);
    EXPECT_TRUE(pause.is_over(now));
  }
}

TEST(RetryPause, MayBeginAndEndElsewhere) {
  RetryPause pause(std::chrono::milliseconds(500), seconds(3));
  RetryPause::TimePoint now = kStart;
  for (const int expected : {500, 1000, 2000, 3000, 3000}) {
    pause.failed(now);
    EXPECT_EQ(pause.length().count(), expected);
    now += pause.length();
  }
}

TEST(RetryPause, BeginsAnewWhenItWorksAfterThePause) {
  RetryPause pause;
  pause.failed(kStart);
  pause.failed(kStart + seconds(1));
  pause.succeeded(kStart + seconds(3));
  pause.failed(kStart + seconds(4));
  EXPECT_EQ(pause.length(), seconds(1));
}

TEST(RetryPause, GoesOnWhenItWorksMeanwhile) {
  RetryPause pause;
  pause.failed(kStart);
  pause.succeeded(kStart);
  EXPECT_FALSE(pause.is_over(kStart));
  pause.failed(kStart + seconds(1));
  EXPECT_EQ(pause.length(), seconds(2));
}

}  // namespace
}  // namespace jetsoncaption
