// SPDX-License-Identifier: LGPL-2.1-or-later
// The structure NvBufSurface in the memory of a buffer, checked before anything is believed.
#include "plugin/frames/nvmm/surface_structure.h"

#include <cstddef>
#include <string>

namespace jetsoncaption {

namespace {

// Up to the field that is read last. Not sizeof: releases differ in what comes behind.
constexpr size_t kLeastSize = offsetof(NvBufSurface, surfaceList) + sizeof(void*);
constexpr int kLastMemoryType = 7;

bool is_on_graphics_card(int memory_type) {
  return memory_type >= NVBUF_MEM_CUDA_PINNED && memory_type <= NVBUF_MEM_CUDA_UNIFIED;
}

}  // namespace

Result<NvBufSurface*> surface_at(const void* data, size_t size) {
  auto* surface = static_cast<NvBufSurface*>(const_cast<void*>(data));
  if (surface == nullptr || size < kLeastSize)
    return Error{ErrorKind::Unsupported, "The memory of the frame, " + std::to_string(size) +
                                             " bytes, is no NvBufSurface."};
  const int memory_type = surface->memType;
  if (surface->surfaceList == nullptr || surface->batchSize == 0 || memory_type < 0 ||
      memory_type > kLastMemoryType)
    return Error{ErrorKind::Unsupported,
                 "The NvBufSurface of the frame is not filled in: batch size " +
                     std::to_string(surface->batchSize) + ", memory type " +
                     std::to_string(memory_type) + "."};
  if (surface->numFilled > 1)
    return Error{ErrorKind::Unsupported,
                 "The buffer holds the frames of " + std::to_string(surface->numFilled) +
                     " streams, and a caption is of one; put jetsoncaption before nvstreammux, or "
                     "behind nvstreamdemux."};
  if (is_on_graphics_card(memory_type))
    return Error{ErrorKind::Unsupported, "The frame is in the memory of a graphics card (type " +
                                             std::to_string(memory_type) +
                                             "), not of a Jetson board."};
  const NvBufSurfaceParams& params = surface->surfaceList[0];
  const uint32_t planes = params.planeParams.num_planes;
  if (params.width == 0 || params.height == 0 || planes < 1 || planes > 4)
    return Error{ErrorKind::Unsupported,
                 "The NvBufSurface of the frame is not filled in: " + std::to_string(params.width) +
                     "x" + std::to_string(params.height) + ", " + std::to_string(planes) +
                     " planes."};
  return surface;
}

}  // namespace jetsoncaption
