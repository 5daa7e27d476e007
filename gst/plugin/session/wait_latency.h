// SPDX-License-Identifier: LGPL-2.1-or-later
// The latency that the pipeline is told of where frames wait for captions: what nearly all of the
// newest frames waited at most. One slow caption is no reason to delay a whole run.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace jetsoncaption {

// Belongs to the streaming thread.
class WaitLatency {
 public:
  static constexpr size_t kWindow = 64;  // frames that are remembered
  static constexpr size_t kPercent = 95;
  // What waits longer is no live pipeline any more, and sinks would only keep more frames.
  static constexpr uint64_t kMostNs = 5'000'000'000;

  // A frame waited so long. Whether latency_ns() has changed: it rises by a tenth or falls by a
  // quarter at least, so that noise changes nothing.
  bool add(uint64_t waited_ns) {
    waits_ns_[count_++ % kWindow] = waited_ns;
    const size_t known = std::min(count_, kWindow);
    std::array<uint64_t, kWindow> sorted = waits_ns_;
    std::sort(sorted.begin(), sorted.begin() + known);
    // Rounded down: of a few frames the slowest does not count.
    const uint64_t wait = std::min(kMostNs, sorted[(known - 1) * kPercent / 100]);
    if (wait <= latency_ns_ + latency_ns_ / 10 && wait >= latency_ns_ - latency_ns_ / 4)
      return false;
    const uint64_t rounded = (wait / kMillisecondNs + 1) * kMillisecondNs;
    return std::exchange(latency_ns_, rounded) != rounded;
  }

  // In whole milliseconds; 0 before the first frame.
  uint64_t latency_ns() const { return latency_ns_; }

 private:
  static constexpr uint64_t kMillisecondNs = 1'000'000;

  std::array<uint64_t, kWindow> waits_ns_{};  // a ring
  size_t count_ = 0;
  uint64_t latency_ns_ = 0;
};

}  // namespace jetsoncaption
