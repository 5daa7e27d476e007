// SPDX-License-Identifier: LGPL-2.1-or-later
// The hysteresis between warning about memory and being ready to warn again.
#include "memory/policy.h"

namespace jetsoncaption {

MemoryEvent MemoryPolicy::update(const MemoryReading& reading) {
  const bool is_above = threshold_bytes_ != 0 && reading.used_bytes > threshold_bytes_;
  const bool is_low =
      threshold_bytes_ == 0 || reading.used_bytes <= threshold_bytes_ - threshold_bytes_ / 10;

  if (!is_exceeded_) {
    if (!is_above)
      return MemoryEvent::None;
    is_exceeded_ = true;
    return MemoryEvent::Exceeded;
  }
  if (is_low) {
    is_exceeded_ = false;
    return MemoryEvent::Recovered;
  }
  return MemoryEvent::None;
}

}  // namespace jetsoncaption
