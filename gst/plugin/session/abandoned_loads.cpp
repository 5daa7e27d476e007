// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts them, for those who have to wait.
#include "plugin/session/abandoned_loads.h"

#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/condition.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr std::chrono::milliseconds kAskAgain{20};
constexpr std::chrono::seconds kLongestAtExit{30};
constexpr std::chrono::seconds kLongestForLoad{30};

struct Loads {
  const pid_t process = getpid();
  std::mutex mutex;
  Condition changed;
  int count = 0;                                 // abandoned
  std::chrono::steady_clock::time_point newest;  // when it was abandoned
  int in_libraries = 0;                          // in this process, abandoned or not
  // The process ends, and does not wait longer.
  std::optional<std::chrono::steady_clock::time_point> over_at;
};

// Never destroyed: threads may use it while the process ends.
Loads& loads() {
  static Loads* const all = new Loads;
  return *all;
}

void wait_at_exit() {
  if (getpid() != loads().process)
    return;  // it was forked off without the threads that load
  std::unique_lock<std::mutex> lock(loads().mutex);
  if (!loads().over_at)
    loads().over_at = std::chrono::steady_clock::now() + kLongestAtExit;
  loads().changed.wait_until(lock, *loads().over_at,
                             [] { return loads().count == 0 && loads().in_libraries == 0; });
}

}  // namespace

void begin_abandoned_load() {
  static const int registered = (finish_abandoned_loads_at_exit(), 0);
  (void)registered;
  std::lock_guard<std::mutex> lock(loads().mutex);
  loads().count++;
  loads().newest = std::chrono::steady_clock::now();
}

void end_abandoned_load() {
  {
    std::lock_guard<std::mutex> lock(loads().mutex);
    loads().count--;
  }
  loads().changed.notify_all();
}

LoadInLibraries::LoadInLibraries() {
  std::lock_guard<std::mutex> lock(loads().mutex);
  may_begin_ = !loads().over_at;
  if (may_begin_)
    loads().in_libraries++;
}

LoadInLibraries::~LoadInLibraries() {
  if (!may_begin_)
    return;
  {
    std::lock_guard<std::mutex> lock(loads().mutex);
    loads().in_libraries--;
  }
  loads().changed.notify_all();
}

void wait_for_abandoned_loads(const std::function<bool()>& is_over) {
  std::unique_lock<std::mutex> lock(loads().mutex);
  while (loads().count > 0 && std::chrono::steady_clock::now() < loads().newest + kLongestForLoad) {
    loads().changed.wait_for(lock, kAskAgain);
    lock.unlock();
    const bool over = is_over();
    lock.lock();
    if (over)
      return;
  }
}

void finish_abandoned_loads_at_exit() {
  std::atexit(wait_at_exit);
}

void finish_abandoned_loads_before_main_ends() {
  struct WaitFirst {
    ~WaitFirst() { wait_at_exit(); }
  };
  if (syscall(SYS_gettid) == getpid()) {
    thread_local const WaitFirst wait_first;
    (void)wait_first;
  }
}

}  // namespace jetsoncaption
