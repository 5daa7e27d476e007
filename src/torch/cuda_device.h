// SPDX-License-Identifier: LGPL-2.1-or-later
// The CUDA device, where this build and this machine have one. Compiles without CUDA's headers.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace jetsoncaption {

// Sets what CUDA and LibTorch's allocator should find in the environment, in a build with CUDA. To
// be called once before all else that asks CUDA, while as few other threads as possible run: the
// engine does it when it is opened, the command line first of all.
void prepare_cuda();

// Whether device=cuda can be had; Unsupported says whether the build, or the machine lacks it.
Result<void> check_cuda();

// What LibTorch's allocator holds on the device, in use or kept for the next caption; 0 where the
// build cannot tell. Only after something was computed there. May throw what LibTorch throws.
uint64_t cuda_memory_bytes();

// Gives back what that allocator keeps for the next caption. The same conditions.
void release_cuda_cache();

}  // namespace jetsoncaption
