// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads how much memory this process uses and how much is left.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "memory/reading.h"

namespace jetsoncaption {

// Where the kernel's files are, so that tests can bring their own.
struct MemoryRoots {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
};

// Looks at:
//   <proc>/self/statm   resident pages of this process, and those among them that are shared or of
//                       files
//   <proc>/N/statm      resident pages of the worker process
//   <proc>/pressure/memory, or memory.pressure of this process's cgroup (version 2): how long all
//                       waited for memory; many kernels have neither
//   <proc>/meminfo      MemTotal, SwapTotal, MemAvailable; NvMapMemUsed on Jetson boards, GPU
//   memory that is in nobody's
//                       resident size. It is only known for the whole system, so what is more
//                       than the least that a sampler of this process has seen counts as ours.
//   the limits and use of this process's memory cgroup and of those above it: version 2
//                       (memory.max, memory.high, memory.current) or 1 (memory.limit_in_bytes,
//                       memory.usage_in_bytes), without the pages of files that were not used
//                       lately.
//
// The files are opened once: make it early, before the model is loaded, and keep it. A file that is
// missing or that makes no sense counts as nothing, and what cannot be read any more as it was
// last; neither the constructor nor sample() fails.
class MemorySampler {
 public:
  explicit MemorySampler(const MemoryRoots& roots = {});
  ~MemorySampler();
  MemorySampler(const MemorySampler&) = delete;
  MemorySampler& operator=(const MemorySampler&) = delete;

  // Also read this process, the worker, from now on; 0: none. Its end is noticed: it has nothing
  // then. False: its file cannot be opened, now.
  bool watch_worker(unsigned pid);

  // A few reads from files of the kernel's own that are open: less than twenty microseconds, no
  // allocation, no lock, no disk. What takes the kernel long, and changes slowly, is read at each
  // fourth call only: the statistics of cgroups with a limit, and stalls. For one thread.
  MemoryReading sample() const noexcept;

  MemoryTotals totals() const noexcept;

  // The tightest limit of this process's memory cgroups; 0 where there is none.
  uint64_t limit_bytes() const noexcept;

 private:
  struct Files;
  const std::unique_ptr<Files> files_;
  std::atomic<uint64_t>& least_accelerator_bytes_;  // of all samplers of the process
};

}  // namespace jetsoncaption
