// SPDX-License-Identifier: LGPL-2.1-or-later
// Spaces out what is tried and reported again after a failure: 1 s, 2 s, 4 s, ... 60 s, or others.
#pragma once

#include <algorithm>
#include <chrono>

namespace jetsoncaption {

// Belongs to one thread or to a lock; the caller brings the clock.
class RetryPause {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Length = std::chrono::milliseconds;

  RetryPause() = default;
  RetryPause(Length first, Length longest) : first_(first), longest_(longest) {}

  // True when nothing failed, or the pause after the last failure has passed.
  bool is_over(TimePoint now) const { return length_.count() == 0 || now >= until_; }

  void failed(TimePoint now) {
    length_ = length_.count() == 0 ? first_ : std::min(2 * length_, longest_);
    until_ = now + length_;
  }

  // A success inside the pause proves nothing: what fails now and then would be reported each
  // time. One after it starts from the beginning.
  void succeeded(TimePoint now) {
    if (is_over(now))
      length_ = Length(0);
  }

  Length length() const { return length_; }

 private:
  Length first_{1000};
  Length longest_{60000};
  Length length_{0};  // 0: nothing failed
  TimePoint until_;
};

}  // namespace jetsoncaption
