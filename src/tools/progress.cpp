// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the progress line.
#include "tools/progress.h"

#include <cstdio>

#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr std::chrono::seconds kQuietAtFirst{2};
constexpr std::chrono::milliseconds kBetweenUpdates{200};
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

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1), started_(Clock::now()) {}

Progress::~Progress() {
  clear();
}

void Progress::report(const std::string& what, int done, int total) {
  if (!terminal_)
    return;
  const Clock::time_point now = Clock::now();
  if (what != what_ || done < done_) {
    what_ = what;
    started_ = now;
  }
  done_ = done;
  if (now - started_ < kQuietAtFirst || now - shown_ < kBetweenUpdates)
    return;
  const double elapsed_s = std::chrono::duration<double>(now - started_).count();
  std::fprintf(stderr, "%s%s", kEraseLine, format_progress(what, done, total, elapsed_s).c_str());
  shown_ = now;
  visible_ = true;
}

void Progress::clear() {
  if (visible_)
    std::fputs(kEraseLine, stderr);
  visible_ = false;
}

}  // namespace jetsoncaption
