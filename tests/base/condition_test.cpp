// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of a wait: it ends when it is told to, and when its time is over.
#include "base/condition.h"

#include <thread>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST(Condition, EndsAWaitWhenItsTimeIsOver) {
  Condition condition;
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  const Clock::time_point begin = Clock::now();
  EXPECT_FALSE(condition.wait_for(lock, milliseconds(30), [] { return false; }));
  EXPECT_GE(Clock::now() - begin, milliseconds(30));
  EXPECT_TRUE(lock.owns_lock());
}

TEST(Condition, DoesNotWaitForATimeThatIsOver) {
  Condition condition;
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_FALSE(
      condition.wait_until(lock, Clock::now() - std::chrono::hours(1), [] { return false; }));
  EXPECT_FALSE(condition.wait_until(lock, Clock::time_point(), [] { return false; }));
}

TEST(Condition, EndsAWaitWhenItIsTold) {
  Condition condition;
  std::mutex mutex;
  bool is_over = false;
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    is_over = true;
    condition.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_TRUE(condition.wait_for(lock, std::chrono::hours(1), [&] { return is_over; }));
  condition.wait(lock, [&] { return is_over; });
  lock.unlock();
  other.join();
}

}  // namespace
}  // namespace jetsoncaption
