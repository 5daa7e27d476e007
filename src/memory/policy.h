// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides from readings when memory use has crossed its threshold.
#pragma once

#include <cstdint>

#include "memory/reading.h"

namespace jetsoncaption {

enum class MemoryEvent {
  None,
  Exceeded,   // use has risen above the threshold
  Recovered,  // use has fallen to 90 % of the threshold after that
};

// Reports each crossing once: after Exceeded nothing is reported until use has fallen to 90 % of
// the threshold, so a use that wavers about the threshold does not flood the bus. For one thread.
class MemoryPolicy {
 public:
  // 0: no limit.
  explicit MemoryPolicy(uint64_t threshold_bytes) : threshold_bytes_(threshold_bytes) {}

  // Holds from the next reading on. With 0 a threshold that was exceeded counts as recovered.
  void set_threshold_bytes(uint64_t threshold_bytes) { threshold_bytes_ = threshold_bytes; }
  uint64_t threshold_bytes() const { return threshold_bytes_; }

  MemoryEvent update(const MemoryReading& reading);

  // Between Exceeded and Recovered.
  bool is_exceeded() const { return is_exceeded_; }

 private:
  uint64_t threshold_bytes_;
  bool is_exceeded_ = false;
};

}  // namespace jetsoncaption
