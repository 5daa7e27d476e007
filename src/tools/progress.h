// SPDX-License-Identifier: LGPL-2.1-or-later
// How far a long command is and how long it still takes, on one line of the terminal.
#pragma once

#include <chrono>
#include <string>

#include "base/duration.h"

namespace jetsoncaption {

// "evaluating: 120 of 1000 (12 %), 3 min 05 s left"; without the time until something is done.
std::string format_progress(const std::string& what, int done, int total, double elapsed_s);

// Writes to standard error, and only when that is a terminal and the work has lasted two seconds.
// One thread at a time.
class Progress {
 public:
  Progress();
  ~Progress();  // removes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A new `what`, or fewer done than before, starts the clock again.
  void report(const std::string& what, int done, int total);

  // Removes the line, so that something else can be written; the next report() brings it back.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const bool terminal_;
  std::string what_;
  int done_ = 0;
  Clock::time_point started_;
  Clock::time_point shown_;
  bool visible_ = false;
};

}  // namespace jetsoncaption
