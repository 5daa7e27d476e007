// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts what the element does, for its property `stats`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace jetsoncaption {

// From one start of the element to the next.
struct CaptionCounts {
  uint64_t frames = 0;     // that passed, described or not
  uint64_t captions = 0;   // that were made
  uint64_t skipped = 0;    // due frames that passed while the model was busy
  uint64_t late = 0;       // frames that were not described because they came too late for the sink
  uint64_t failures = 0;   // captions that failed
  uint64_t restarts = 0;   // worker processes that were started because the one before was lost
  uint64_t fallbacks = 0;  // times that a more modest engine was started because it was lost often
  // Of the newest captions, kWindow at most: half of them took at most so long, and so on. 0 before
  // the first one.
  double inference_ms_p50 = 0;
  double inference_ms_p95 = 0;
  double inference_ms_p99 = 0;
};

// Thread-safe; no call takes longer than a few microseconds.
class CaptionStatistics {
 public:
  static constexpr size_t kWindow = 256;

  void frame_passed();
  void frame_skipped();
  void frame_late();
  void captioned(double inference_ms);
  void failed();
  void restarted();
  void fell_back();

  CaptionCounts counts() const;

 private:
  mutable std::mutex mutex_;
  CaptionCounts counts_;
  std::array<double, kWindow> times_ms_{};  // a ring
};

}  // namespace jetsoncaption
