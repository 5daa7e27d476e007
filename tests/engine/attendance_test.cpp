// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of the end of a process while threads are inside an engine.
#include "engine/attendance.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST(Attendance, EndsWhenTheLastHasLeft) {
  Attendance attendance{std::chrono::hours(1)};
  int cancelled = 0;
  attendance.add(&attendance, [&cancelled] { ++cancelled; });
  ASSERT_TRUE(attendance.enter());
  std::thread inside([&attendance] { attendance.leave(); });
  attendance.end();
  inside.join();
  EXPECT_EQ(cancelled, 1);
  EXPECT_FALSE(attendance.enter()) << "nobody is let in any more";
}

// It is called once for each library that was opened; an engine that hangs must not cost its
// patience each time.
TEST(Attendance, WaitsNoLongerForBeingCalledAgain) {
  const milliseconds patience(300);
  Attendance attendance{patience};
  ASSERT_TRUE(attendance.enter());
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < 9; ++i)
    attendance.end();
  EXPECT_GE(Clock::now() - begin, patience);
  EXPECT_LT(Clock::now() - begin, 4 * patience);
}

}  // namespace
}  // namespace jetsoncaption
