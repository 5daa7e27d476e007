// SPDX-License-Identifier: LGPL-2.1-or-later
// A condition variable whose timed waits last as long as they say.
#pragma once

#include <chrono>
#include <mutex>

#include <pthread.h>

namespace jetsoncaption {

// As std::condition_variable, which measures by the wall clock with GCC before 10 or glibc before
// 2.30 (JetPack 4 and 5): where the time is set back by an hour, as at the first contact with a
// time server, its wait_for() lasts an hour longer. This one goes by the monotonic clock.
class Condition {
 public:
  Condition();
  ~Condition() { pthread_cond_destroy(&condition_); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void notify_one() { pthread_cond_signal(&condition_); }
  void notify_all() { pthread_cond_broadcast(&condition_); }

  // May return without a reason, too, as may wait_for() without a rule.
  void wait(std::unique_lock<std::mutex>& lock);
  template <typename IsOver>
  void wait(std::unique_lock<std::mutex>& lock, IsOver is_over) {
    while (!is_over())
      wait(lock);
  }

  void wait_for(std::unique_lock<std::mutex>& lock, std::chrono::nanoseconds longest) {
    wait_until(lock, std::chrono::steady_clock::now() + longest);
  }
  // What is_over() says at the end.
  template <typename IsOver>
  bool wait_for(std::unique_lock<std::mutex>& lock, std::chrono::nanoseconds longest,
                IsOver is_over) {
    return wait_until(lock, std::chrono::steady_clock::now() + longest, is_over);
  }
  template <typename IsOver>
  bool wait_until(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point end,
                  IsOver is_over) {
    while (!is_over()) {
      if (!wait_until(lock, end))
        return is_over();
    }
    return true;
  }

 private:
  // False: it is that time.
  bool wait_until(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point end);

  pthread_cond_t condition_;
};

}  // namespace jetsoncaption
