// SPDX-License-Identifier: LGPL-2.1-or-later
// How worker processes were lost one after the other, and what follows from it.
#pragma once

#include <chrono>

#include "plugin/session/retry_pause.h"

namespace jetsoncaption {

// Belongs to one thread or to a lock; the caller brings the clock.
class WorkerLosses {
 public:
  using TimePoint = RetryPause::TimePoint;

  // `ready_for` is how long it had been ready to describe: 0 when it was lost while it loaded. One
  // that was for half a minute is not counted with those before it.
  void lost(TimePoint now, std::chrono::steady_clock::duration ready_for) {
    if (ready_for >= kLongLife)
      forget();
    count_++;
    pause_.failed(now);
  }

  // Losses of another model say nothing of this one.
  void forget() { *this = {}; }

  // Whether the next one may be started.
  bool is_over(TimePoint now) const { return pause_.is_over(now); }
  RetryPause::Length pause() const { return pause_.length(); }

  // What ends it again and again may have to do with how it is to compute.
  bool are_many() const { return count_ >= kMany; }

 private:
  static constexpr std::chrono::seconds kLongLife{30};
  static constexpr unsigned kMany = 3;

  RetryPause pause_{std::chrono::milliseconds(500), std::chrono::milliseconds(30000)};
  unsigned count_ = 0;
};

}  // namespace jetsoncaption
