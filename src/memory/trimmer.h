// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives memory that the C library keeps for later back to the system.
#pragma once

#include <cstdint>

namespace jetsoncaption {

// Releases the free pages of every malloc arena and returns by how much the resident size of the
// process has fallen; 0 where nothing was free or the C library is not glibc. Takes milliseconds,
// and other threads that allocate wait meanwhile, so do not call it for every frame. Thread-safe.
uint64_t trim_process_memory();

// Lets glibc make at most so many malloc arenas (at least 1). By default each thread may get one of
// its own, up to 8 for each core, and each keeps free memory: on a board with 4 GB that adds up. It
// holds for the whole process and only for arenas that do not exist yet, so it belongs at the
// beginning of a program of ours, never into a plugin that is loaded into somebody else's. False
// where the C library is not glibc or refuses.
bool limit_malloc_arenas(int arenas);

}  // namespace jetsoncaption
