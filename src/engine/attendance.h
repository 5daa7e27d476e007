// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets a process end while other threads are inside an engine.
//
// An application may end at any moment, by exit() in one thread while another one captions. What
// libraries then destroy would be taken from under its feet: the end cancels the captions, waits
// for those inside, and lets nobody in any more.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "base/condition.h"

#include <sys/types.h>

namespace jetsoncaption {

// From any thread. A process that was forked off ends without waiting: it has none of the threads.
class Attendance {
 public:
  // The one of this module; never destroyed, because the last visitors may come after all else was.
  static Attendance& of_this_module();

  explicit Attendance(std::chrono::milliseconds patience = std::chrono::seconds(5));

  // How the captions of an engine are cancelled for good, until it is removed.
  void add(const void* engine, std::function<void()> cancel);
  void remove(const void* engine);

  bool enter();  // false: the process ends
  void leave();

  // Waits as long as its patience, however often it is called: a model may be being loaded.
  void end();

  // Has end() called when the process ends. Functions of the end run in the reverse order of their
  // registration; libraries register theirs when they are opened, and more when they are used for
  // the first time: call it after each. What belongs to the thread that calls exit() comes before
  // all of them, where that is the main thread and it has been here.
  void end_with_the_process();

 private:
  const pid_t process_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  Condition left_;
  std::map<const void*, std::function<void()>> engines_;
  int inside_ = 0;
  std::optional<std::chrono::steady_clock::time_point>
      over_at_;  // the end is not waited for longer
};

class Visit {
 public:
  Visit() : is_let_in_(Attendance::of_this_module().enter()) {}
  ~Visit() {
    if (is_let_in_)
      Attendance::of_this_module().leave();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  bool is_let_in() const { return is_let_in_; }

 private:
  const bool is_let_in_;
};

}  // namespace jetsoncaption
