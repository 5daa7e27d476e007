// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of libnvbufsurface.so and libnvbufsurftransform.so that the element uses: the board's
// own headers where meson found them, else declarations of the fields that lie at the same place
// in every release.
//
// Later releases append fields. So only the first surface of a batch is looked at, and none of
// these structures is copied or made here, but NvBufSurfaceCreateParams, with room behind it.
#pragma once

#include <cstdint>

#if JETSONCAPTION_HAVE_NVBUFSURFACE_H

#include <nvbufsurface.h>
#include <nvbufsurftransform.h>

#else

extern "C" {

enum NvBufSurfaceMemType {
  NVBUF_MEM_DEFAULT = 0,
  NVBUF_MEM_CUDA_PINNED = 1,
  NVBUF_MEM_CUDA_DEVICE = 2,
  NVBUF_MEM_CUDA_UNIFIED = 3,
  NVBUF_MEM_SURFACE_ARRAY = 4,
  NVBUF_MEM_HANDLE = 5,
};

enum NvBufSurfaceColorFormat {
  NVBUF_COLOR_FORMAT_NV12 = 6,
  NVBUF_COLOR_FORMAT_NV12_ER = 7,
  NVBUF_COLOR_FORMAT_RGBA = 19,
  NVBUF_COLOR_FORMAT_NV12_709 = 33,
  NVBUF_COLOR_FORMAT_NV12_709_ER = 34,
  NVBUF_COLOR_FORMAT_NV12_2020 = 36,
};

enum NvBufSurfaceLayout { NVBUF_LAYOUT_PITCH = 0, NVBUF_LAYOUT_BLOCK_LINEAR = 1 };
enum NvBufSurfaceMemMapFlags { NVBUF_MAP_READ = 0, NVBUF_MAP_WRITE = 1, NVBUF_MAP_READ_WRITE = 2 };

struct NvBufSurfacePlaneParams {
  uint32_t num_planes;
  uint32_t width[4];
  uint32_t height[4];
  uint32_t pitch[4];
  uint32_t offset[4];
  uint32_t psize[4];
  uint32_t bytesPerPix[4];
  void* reserved[16];
};

struct NvBufSurfaceMappedAddr {
  void* addr[4];
};

struct NvBufSurfaceParams {
  uint32_t width;
  uint32_t height;
  uint32_t pitch;
  NvBufSurfaceColorFormat colorFormat;
  NvBufSurfaceLayout layout;
  uint64_t bufferDesc;  // the dmabuf fd
  uint32_t dataSize;
  void* dataPtr;
  NvBufSurfacePlaneParams planeParams;
  NvBufSurfaceMappedAddr mappedAddr;
};

struct NvBufSurface {
  uint32_t gpuId;
  uint32_t batchSize;
  uint32_t numFilled;
  bool isContiguous;
  NvBufSurfaceMemType memType;
  NvBufSurfaceParams* surfaceList;
};

struct NvBufSurfaceCreateParams {
  uint32_t gpuId;
  uint32_t width;
  uint32_t height;
  uint32_t size;
  bool isContiguous;
  NvBufSurfaceColorFormat colorFormat;
  NvBufSurfaceLayout layout;
  NvBufSurfaceMemType memType;
};

enum {
  NVBUFSURF_TRANSFORM_CROP_SRC = 1,
  NVBUFSURF_TRANSFORM_CROP_DST = 2,
  NVBUFSURF_TRANSFORM_FILTER = 4,
};

enum NvBufSurfTransform_Error { NvBufSurfTransformError_Success = 0 };
enum NvBufSurfTransform_Flip { NvBufSurfTransform_None = 0 };
enum NvBufSurfTransform_Inter { NvBufSurfTransformInter_Algo3 = 4 };

struct NvBufSurfTransformRect {
  uint32_t top;
  uint32_t left;
  uint32_t width;
  uint32_t height;
};

struct NvBufSurfTransformParams {
  uint32_t transform_flag;
  NvBufSurfTransform_Flip transform_flip;
  NvBufSurfTransform_Inter transform_filter;
  NvBufSurfTransformRect* src_rect;
  NvBufSurfTransformRect* dst_rect;
};

int NvBufSurfaceCreate(NvBufSurface** surface, uint32_t batch_size,
                       NvBufSurfaceCreateParams* params);
int NvBufSurfaceDestroy(NvBufSurface* surface);
int NvBufSurfaceMap(NvBufSurface* surface, int index, int plane, NvBufSurfaceMemMapFlags flags);
int NvBufSurfaceUnMap(NvBufSurface* surface, int index, int plane);
int NvBufSurfaceSyncForCpu(NvBufSurface* surface, int index, int plane);
int NvBufSurfaceSyncForDevice(NvBufSurface* surface, int index, int plane);
NvBufSurfTransform_Error NvBufSurfTransform(NvBufSurface* from, NvBufSurface* to,
                                            NvBufSurfTransformParams* params);

}  // extern "C"

static_assert(sizeof(void*) != 8 || sizeof(NvBufSurfacePlaneParams) == 232, "as on the boards");
static_assert(sizeof(NvBufSurfaceCreateParams) == 32, "as on the boards");

#endif
