// SPDX-License-Identifier: LGPL-2.1-or-later
// How far a long command is and how long it still takes, on one line of the terminal or now and
// then on a line of a log.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/duration.h"

namespace jetsoncaption {

// "evaluating: 120 of 1000 (12 %), 3 min 05 s left"; without the time until something is done.
std::string format_progress(const std::string& what, int done, int total, double elapsed_s);

// Writes to standard error. One thread at a time.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // What is written where standard error is no terminal.
  enum class Log {
    Nothing,
    LineEveryFewMinutes,  // after a minute the first one, and then one in five minutes at most
  };

  // On a terminal a line that changes, when the work has lasted two seconds.
  explicit Progress(Log log = Log::Nothing);
  // For tests.
  Progress(Log log, bool is_terminal, std::function<Clock::time_point()> now);
  ~Progress();  // removes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Fewer done than before, or another total, starts the clock again. `what` may change meanwhile.
  void report(const std::string& what, int done, int total);

  // Removes the line, so that something else can be written; the next report() brings it back.
  void clear();

 private:
  void write_line(const std::string& line);

  const Log log_;
  const bool terminal_;
  const std::function<Clock::time_point()> now_;
  int done_ = 0;
  int total_ = 0;
  Clock::time_point made_;
  Clock::time_point started_;  // what is reported now
  std::optional<Clock::time_point> shown_;
  bool visible_ = false;
};

}  // namespace jetsoncaption
