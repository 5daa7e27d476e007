// SPDX-License-Identifier: LGPL-2.1-or-later
// What the streaming thread tells other threads of the element, and they tell it, without a lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "memory/policy.h"

namespace jetsoncaption {

// All bits set, as GST_CLOCK_TIME_NONE.
constexpr uint64_t kNoTime = ~uint64_t{0};

// Belongs to the element, from its first start to its end.
struct LiveValues {
  std::atomic<unsigned> memory_usage_mb{0};  // newest reading
  std::atomic<unsigned> accelerator_mb{0};   // its share
  std::atomic<unsigned> process_mb{0};       // this process's
  std::atomic<unsigned> private_mb{0};       // of that, what is not shared
  std::atomic<unsigned> worker_mb{0};        // the worker's
  std::atomic<unsigned> available_mb{0};     // MemoryReading
  std::atomic<double> stalled_percent{0};    // MemoryReading
  std::atomic<MemoryStep> memory_step{MemoryStep::None};
  // How long frames wait for their captions: WaitLatency. 0 in live mode.
  std::atomic<uint64_t> latency_ns{0};
  // At the newest frame: how much older the frame was that its caption describes.
  std::atomic<uint64_t> caption_age_ns{kNoTime};
  // Frames of an earlier running time come too late for the sink, as it said itself.
  std::atomic<uint64_t> earliest_running_time{0};
  // How late the frame was of which it said so; 0 or less: in time.
  std::atomic<int64_t> late_by_ns{0};

  // All but the memory, which is that of the process.
  void forget_run() {
    memory_step = MemoryStep::None;
    latency_ns = 0;
    caption_age_ns = kNoTime;
    earliest_running_time = 0;
    late_by_ns = 0;
  }
};

}  // namespace jetsoncaption
