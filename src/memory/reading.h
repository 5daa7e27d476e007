// SPDX-License-Identifier: LGPL-2.1-or-later
// One look at how much memory is in use.
#pragma once

#include <cstdint>

namespace jetsoncaption {

struct MemoryReading {
  uint64_t used_bytes = 0;          // of this process: resident, plus the accelerator's share below
  bool is_available_known = false;  // else what follows is 0
  uint64_t available_bytes = 0;     // what the system (or the cgroup, if tighter) can still give
  uint64_t accelerator_bytes = 0;   // GPU memory that resident size does not contain; 0 without one
};

// What the machine has.
struct MemoryTotals {
  uint64_t total_bytes = 0;  // 0: nobody says
  uint64_t swap_bytes = 0;   // zram counts too
};

}  // namespace jetsoncaption
