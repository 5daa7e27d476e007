// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads how much memory this process uses and how much is left.
#pragma once

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
//   <proc>/self/statm   resident pages of this process
//   <proc>/meminfo      MemTotal, SwapTotal, MemAvailable; NvMapMemUsed on Jetson boards, GPU
//   memory that is in nobody's
//                       resident size. It is only known for the whole system, so what was added
//                       since the sampler was made counts as ours.
//   the limits and use of this process's memory cgroup and of those above it: version 2
//                       (memory.max, memory.current) or 1 (memory.limit_in_bytes,
//                       memory.usage_in_bytes). The page cache counts as used there, although most
//                       of it could be given back, so what is left is rather more than reported.
//
// The files are opened once: make it early, before the model is loaded, and keep it. A file that is
// missing or that makes no sense counts as nothing; neither the constructor nor sample() fails.
class MemorySampler {
 public:
  explicit MemorySampler(const MemoryRoots& roots = {});
  ~MemorySampler();
  MemorySampler(const MemorySampler&) = delete;
  MemorySampler& operator=(const MemorySampler&) = delete;

  // A few reads from the kernel: tens of microseconds, no allocation, no lock. Thread-safe.
  MemoryReading sample() const noexcept;

  MemoryTotals totals() const noexcept;

  // The tightest limit of this process's memory cgroups; 0 where there is none.
  uint64_t limit_bytes() const noexcept;

 private:
  struct Files;
  std::unique_ptr<const Files> files_;
  uint64_t first_accelerator_bytes_ = 0;
};

}  // namespace jetsoncaption
