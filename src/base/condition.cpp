// SPDX-License-Identifier: LGPL-2.1-or-later
// A condition variable whose timed waits last as long as they say.
#include "base/condition.h"

#include <cerrno>
#include <ctime>

namespace jetsoncaption {

Condition::Condition() {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);  // that of std::chrono::steady_clock
  pthread_cond_init(&condition_, &attributes);
  pthread_condattr_destroy(&attributes);
}

void Condition::wait(std::unique_lock<std::mutex>& lock) {
  pthread_cond_wait(&condition_, lock.mutex()->native_handle());
}

bool Condition::wait_until(std::unique_lock<std::mutex>& lock,
                           std::chrono::steady_clock::time_point end) {
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  const nanoseconds since_start = end.time_since_epoch();
  const auto whole = std::chrono::duration_cast<seconds>(since_start);
  timespec time = {};
  time.tv_sec = static_cast<time_t>(whole.count());
  time.tv_nsec = static_cast<long>((since_start - whole).count());
  return pthread_cond_timedwait(&condition_, lock.mutex()->native_handle(), &time) != ETIMEDOUT;
}

}  // namespace jetsoncaption
