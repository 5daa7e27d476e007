// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the progress line.
#include "tools/progress.h"

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr std::chrono::milliseconds kQuietAtFirst{2000};
constexpr std::chrono::milliseconds kBetweenUpdates{200};
constexpr std::chrono::milliseconds kQuietAtFirstInLog{60'000};
constexpr std::chrono::milliseconds kBetweenLogLines{300'000};
constexpr char kEraseLine[] = "\r\033[K";

}  // namespace

std::string format_progress(const std::string& what, int done, int total, double elapsed_s) {
  std::string line = what + ": " + std::to_string(done) + " of " + std::to_string(total);
  if (total > 0)
    line += " (" + std::to_string(100LL * done / total) + " %)";
  if (done > 0 && done < total) {
    line += ", " + format_duration(elapsed_s / done * (total - done)) + " left";
  }
  return line;
}

Progress::Progress(Log log) : Progress(log, isatty(STDERR_FILENO) == 1, Clock::now) {}

Progress::Progress(Log log, bool is_terminal, std::function<Clock::time_point()> now)
    : log_(log), terminal_(is_terminal), now_(std::move(now)), made_(now_()), started_(made_) {}

Progress::~Progress() {
  clear();
}

void Progress::report(const std::string& what, int done, int total) {
  if (!terminal_ && log_ == Log::Nothing)
    return;
  const Clock::time_point now = now_();
  if (total != total_ || done < done_) {
    total_ = total;
    started_ = now;
  }
  done_ = done;
  // A log is told of work that takes long, also where none of its parts does.
  const bool is_short =
      terminal_ ? now - started_ < kQuietAtFirst : now - made_ < kQuietAtFirstInLog;
  const auto between = terminal_ ? kBetweenUpdates : kBetweenLogLines;
  if (is_short || (shown_ && now - *shown_ < between))
    return;
  shown_ = now;
  const double elapsed_s = std::chrono::duration<double>(now - started_).count();
  write_line(format_progress(what, done, total, elapsed_s));
}

void Progress::write_line(const std::string& line) {
  if (terminal_)
    std::fprintf(stderr, "%s%s", kEraseLine, line.c_str());
  else
    std::fprintf(stderr, "%s\n", line.c_str());
  visible_ = terminal_;
}

void Progress::clear() {
  if (visible_)
    std::fputs(kEraseLine, stderr);
  visible_ = false;
}

}  // namespace jetsoncaption
