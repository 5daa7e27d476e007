// SPDX-License-Identifier: LGPL-2.1-or-later
// One look at how much memory is in use.
#pragma once

#include <cstdint>

namespace jetsoncaption {

struct MemoryReading {
  // Of this program: the sum of what is resident in both processes and of the accelerator's share.
  uint64_t used_bytes = 0;
  uint64_t process_bytes = 0;       // resident in this process
  uint64_t private_bytes = 0;       // of that, neither pages of files nor shared
  uint64_t worker_bytes = 0;        // resident in the worker process; 0 without one
  bool is_available_known = false;  // else what follows is 0
  uint64_t available_bytes = 0;     // what the system (or the cgroup, if tighter) can still give
  uint64_t accelerator_bytes = 0;   // GPU memory that resident size does not contain; 0 without one
  // Of the last ten seconds, the share in which nobody got on because all waited for memory (PSI);
  // 0 where the kernel does not say.
  double stalled_percent = 0;
};

// What the machine has.
struct MemoryTotals {
  uint64_t total_bytes = 0;  // 0: nobody says
  uint64_t swap_bytes = 0;   // zram counts too
};

}  // namespace jetsoncaption
