// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets a process end while other threads are inside an engine.
#include "engine/attendance.h"

#include <atomic>
#include <cstdlib>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr int kMostRegistrations = 8;

bool is_main_thread() {
  return getpid() == static_cast<pid_t>(syscall(SYS_gettid));
}

}  // namespace

Attendance& Attendance::of_this_module() {
  static Attendance& only = *new Attendance;
  return only;
}

Attendance::Attendance(std::chrono::milliseconds patience)
    : process_(getpid()), patience_(patience) {}

void Attendance::add(const void* engine, std::function<void()> cancel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  engines_[engine] = std::move(cancel);
}

void Attendance::remove(const void* engine) {
  const std::lock_guard<std::mutex> lock(mutex_);
  engines_.erase(engine);
}

bool Attendance::enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (over_at_)
    return false;
  ++inside_;
  return true;
}

void Attendance::leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --inside_;
  left_.notify_all();
}

void Attendance::end() {
  if (getpid() != process_)
    return;  // the mutex may be held for ever, by a thread that was not forked too
  std::unique_lock<std::mutex> lock(mutex_);
  if (!over_at_)
    over_at_ = std::chrono::steady_clock::now() + patience_;
  for (const auto& engine : engines_)
    engine.second();
  left_.wait_until(lock, *over_at_, [this] { return inside_ == 0; });
}

void Attendance::end_with_the_process() {
  struct Last {
    ~Last() {
      if (is_main_thread())  // others may end any time
        of_this_module().end();
    }
  };
  static thread_local Last last;
  (void)last;
  static std::atomic<int> registrations{0};
  if (registrations < kMostRegistrations && registrations++ < kMostRegistrations)
    std::atexit([] { of_this_module().end(); });
}

}  // namespace jetsoncaption
