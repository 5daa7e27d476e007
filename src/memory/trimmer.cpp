// SPDX-License-Identifier: LGPL-2.1-or-later
// What glibc offers for keeping the heap small.
#include "memory/trimmer.h"

#include <cstdlib>  // defines __GLIBC__

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "memory/sampler.h"

namespace jetsoncaption {
namespace {

#ifdef __GLIBC__
uint64_t resident_bytes(const MemorySampler& sampler) {
  const MemoryReading reading = sampler.sample();
  return reading.used_bytes - reading.accelerator_bytes;
}
#endif

}  // namespace

uint64_t trim_process_memory() {
#ifdef __GLIBC__
  const MemorySampler sampler;
  const uint64_t before = resident_bytes(sampler);
  malloc_trim(0);
  const uint64_t after = resident_bytes(sampler);
  return before > after ? before - after : 0;
#else
  return 0;
#endif
}

bool limit_malloc_arenas(int arenas) {
#ifdef __GLIBC__
  return arenas >= 1 && mallopt(M_ARENA_MAX, arenas) == 1;
#else
  return false;
#endif
}

}  // namespace jetsoncaption
