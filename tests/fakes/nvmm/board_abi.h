// SPDX-License-Identifier: LGPL-2.1-or-later
// What NVIDIA's structures look like on a board, for the look-alikes: written down apart from the
// element's own declarations, with all fields, so that a mistake there shows.
//
// FAKE_NVMM_RELEASE is 32, 35 or 38: later releases append fields.
#pragma once

#include <cstddef>
#include <cstdint>

namespace board {

constexpr int kHandleSize = 1008;  // of what a camera buffer of r32 holds

struct BufferParams {  // NvBufferParams
  uint32_t dmabuf_fd;
  void* nv_buffer;
  int32_t payload;
  int32_t memsize;
  uint32_t nv_buffer_size;
  int32_t pixel_format;
  uint32_t num_planes;
  uint32_t width[4];
  uint32_t height[4];
  uint32_t pitch[4];
  uint32_t offset[4];
  uint32_t psize[4];
  uint32_t layout[4];
};
static_assert(sizeof(BufferParams) == 136);
static_assert(offsetof(BufferParams, pixel_format) == 28);
static_assert(offsetof(BufferParams, pitch) == 68);
static_assert(offsetof(BufferParams, layout) == 116);

struct BufferCreateParams {  // NvBufferCreateParams
  int32_t width;
  int32_t height;
  int32_t payload;
  int32_t memsize;
  int32_t layout;
  int32_t color_format;
  int32_t tag;
};

struct BoardRect {
  uint32_t top;
  uint32_t left;
  uint32_t width;
  uint32_t height;
};

struct BufferTransformParams {  // NvBufferTransformParams
  uint32_t flag;
  int32_t flip;
  int32_t filter;
  BoardRect source;
  BoardRect target;
  void* session;
};

struct SurfacePlanes {  // NvBufSurfacePlaneParams
  uint32_t num_planes;
  uint32_t width[4];
  uint32_t height[4];
  uint32_t pitch[4];
  uint32_t offset[4];
  uint32_t psize[4];
  uint32_t bytes_per_pixel[4];
  void* reserved[16];
};
static_assert(sizeof(SurfacePlanes) == 232);

struct MappedAddress {  // NvBufSurfaceMappedAddr
  void* addr[4];
  void* egl_image;
#if FAKE_NVMM_RELEASE >= 38
  void* nvmm;
  void* cuda;
#endif
  void* reserved[4];
};

struct SurfaceParams {  // NvBufSurfaceParams
  uint32_t width;
  uint32_t height;
  uint32_t pitch;
  int32_t color_format;
  int32_t layout;
  uint64_t descriptor;
  uint32_t data_size;
  void* data;
  SurfacePlanes planes;
  MappedAddress mapped;
#if FAKE_NVMM_RELEASE >= 38
  void* extension;
  void* cuda_buffer;
#endif
  void* reserved[4];
};
static_assert(offsetof(SurfaceParams, descriptor) == 24);
static_assert(offsetof(SurfaceParams, data) == 40);
static_assert(offsetof(SurfaceParams, planes) == 48);
static_assert(offsetof(SurfaceParams, mapped) == 280);

struct SurfaceBatch {  // NvBufSurface
  uint32_t gpu;
  uint32_t batch_size;
  uint32_t filled;
  bool contiguous;
  int32_t memory_type;
  SurfaceParams* surfaces;
#if FAKE_NVMM_RELEASE >= 38
  bool imported;
#endif
  void* reserved[4];
};
static_assert(offsetof(SurfaceBatch, surfaces) == 24);
#if FAKE_NVMM_RELEASE >= 38
static_assert(sizeof(SurfaceBatch) == 72 && sizeof(SurfaceParams) == 416);
#else
static_assert(sizeof(SurfaceBatch) == 64 && sizeof(SurfaceParams) == 384);
#endif

struct SurfaceCreateParams {  // NvBufSurfaceCreateParams
  uint32_t gpu;
  uint32_t width;
  uint32_t height;
  uint32_t size;
  bool contiguous;
  int32_t color_format;
  int32_t layout;
  int32_t memory_type;
#if FAKE_NVMM_RELEASE >= 38
  void* reserved[4];
#endif
};

struct SurfaceTransformParams {  // NvBufSurfTransformParams
  uint32_t flag;
  int32_t flip;
  int32_t filter;
  BoardRect* source;
  BoardRect* target;
};

constexpr uint32_t kCropSource = 1;
constexpr uint32_t kCropTarget = 2;

}  // namespace board
