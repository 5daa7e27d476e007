// SPDX-License-Identifier: LGPL-2.1-or-later
// Spaces out what is tried and reported again after a failure: 1 s, 2 s, 4 s, ... 60 s.
#pragma once

#include <algorithm>
#include <chrono>

namespace jetsoncaption {

// Belongs to one thread or to a lock; the caller brings the clock.
class RetryPause {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // True when nothing failed, or the pause after the last failure has passed.
  bool is_over(TimePoint now) const { return length_.count() == 0 || now >= until_; }

  void failed(TimePoint now) {
    length_ = length_.count() == 0 ? kFirst : std::min(2 * length_, kLongest);
    until_ = now + length_;
  }

  // A success inside the pause proves nothing: what fails now and then would be reported each
  // time. One after it starts from the beginning.
  void succeeded(TimePoint now) {
    if (is_over(now))
      length_ = std::chrono::seconds(0);
  }

  std::chrono::seconds length() const { return length_; }

 private:
  static constexpr std::chrono::seconds kFirst{1};
  static constexpr std::chrono::seconds kLongest{60};

  std::chrono::seconds length_{0};  // 0: nothing failed
  TimePoint until_;
};

}  // namespace jetsoncaption
