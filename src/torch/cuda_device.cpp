// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks LibTorch about CUDA. The build defines JETSONCAPTION_CUDA when it links libtorch_cuda, and
// JETSONCAPTION_CUDA_ALLOCATOR when CUDA's headers are there too.
#include "torch/cuda_device.h"

#include <cstdlib>

#include <ATen/Context.h>

#ifdef JETSONCAPTION_CUDA_ALLOCATOR
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include "base/torch_environment.h"

namespace jetsoncaption {

// Loading libtorch_cuda reads neither variable: the driver reads its own when it is asked for the
// first time, which at::hasCUDA() does, and the allocator when it gives its first memory.
void prepare_cuda() {
#ifdef JETSONCAPTION_CUDA
  set_variables(missing_cuda_variables(std::getenv));
#endif
}

Result<void> check_cuda() {
#ifdef JETSONCAPTION_CUDA
  if (at::hasCUDA())
    return {};
  return Error{ErrorKind::Unsupported,
               "Device cuda was chosen, but LibTorch finds no CUDA device; look whether nvidia-smi "
               "(on a Jetson tegrastats) shows one, whether the driver is as new as LibTorch asks, "
               "and whether you may open /dev/nvidia*, or choose device cpu or auto"};
#else
  return Error{ErrorKind::Unsupported,
               "Device cuda was chosen, but this build has no CUDA; choose device cpu or auto, or "
               "build with a LibTorch that has CUDA (meson setup -Dtorch_dir=DIR)"};
#endif
}

#ifdef JETSONCAPTION_CUDA_ALLOCATOR
uint64_t cuda_memory_bytes() {
  constexpr int kDevice = 0;
  constexpr size_t kAllPools = 0;  // StatType::AGGREGATE, whose namespace has changed over time
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(kDevice);
  return static_cast<uint64_t>(stats.reserved_bytes[kAllPools].current);
}

void release_cuda_cache() {
  c10::cuda::CUDACachingAllocator::emptyCache();
}
#else
uint64_t cuda_memory_bytes() {
  return 0;
}

void release_cuda_cache() {}
#endif

}  // namespace jetsoncaption
