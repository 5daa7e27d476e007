// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of libnvbuf_utils.so (L4T r32) that the element calls: the board's own header where
// meson found it, else declarations of what is the same in every release from r32.5 on.
#pragma once

#include <cstdint>

#if JETSONCAPTION_HAVE_NVBUF_UTILS_H

#include <nvbuf_utils.h>

#else

extern "C" {

enum NvBufferPayloadType { NvBufferPayload_SurfArray = 0 };
enum NvBufferLayout { NvBufferLayout_Pitch = 0, NvBufferLayout_BlockLinear = 1 };
enum NvBufferMemFlags { NvBufferMem_Read = 0, NvBufferMem_Write = 1, NvBufferMem_Read_Write = 2 };
enum NvBufferTag { NvBufferTag_VIDEO_CONVERT = 0xf01 };

enum NvBufferColorFormat {
  NvBufferColorFormat_NV12 = 5,
  NvBufferColorFormat_NV12_ER = 6,
  NvBufferColorFormat_ABGR32 = 17,  // the bytes R, G, B, A
  NvBufferColorFormat_NV12_709 = 30,
  NvBufferColorFormat_NV12_709_ER = 31,
};

enum {
  NVBUFFER_TRANSFORM_CROP_SRC = 1,
  NVBUFFER_TRANSFORM_CROP_DST = 2,
  NVBUFFER_TRANSFORM_FILTER = 4,
};

enum NvBufferTransform_Flip { NvBufferTransform_None = 0 };
enum NvBufferTransform_Filter { NvBufferTransform_Filter_Smart = 4 };

// The library may write more than this; see the caller.
struct NvBufferParams {
  uint32_t dmabuf_fd;
  void* nv_buffer;
  NvBufferPayloadType payloadType;
  int32_t memsize;
  uint32_t nv_buffer_size;
  NvBufferColorFormat pixel_format;
  uint32_t num_planes;
  uint32_t width[4];
  uint32_t height[4];
  uint32_t pitch[4];
  uint32_t offset[4];
  uint32_t psize[4];
  uint32_t layout[4];
};

struct NvBufferCreateParams {
  int32_t width;
  int32_t height;
  NvBufferPayloadType payloadType;
  int32_t memsize;
  NvBufferLayout layout;
  NvBufferColorFormat colorFormat;
  NvBufferTag nvbuf_tag;
};

struct NvBufferRect {
  uint32_t top;
  uint32_t left;
  uint32_t width;
  uint32_t height;
};

struct NvBufferTransformParams {
  uint32_t transform_flag;
  NvBufferTransform_Flip transform_flip;
  NvBufferTransform_Filter transform_filter;
  NvBufferRect src_rect;
  NvBufferRect dst_rect;
  void* session;  // null: the default one
};

int NvBufferGetSize(void);
int ExtractFdFromNvBuffer(void* handle, int* fd);
int NvBufferGetParams(int fd, NvBufferParams* params);
int NvBufferCreateEx(int* fd, NvBufferCreateParams* params);
int NvBufferDestroy(int fd);
int NvBufferMemMap(int fd, unsigned int plane, NvBufferMemFlags flags, void** address);
int NvBufferMemUnMap(int fd, unsigned int plane, void** address);
int NvBufferMemSyncForCpu(int fd, unsigned int plane, void** address);
int NvBufferMemSyncForDevice(int fd, unsigned int plane, void** address);
int NvBufferTransform(int from, int to, NvBufferTransformParams* params);

}  // extern "C"

static_assert(sizeof(void*) != 8 || sizeof(NvBufferParams) == 136, "the layout of r32.5 and later");
static_assert(sizeof(NvBufferCreateParams) == 28, "the layout of r32.5 and later");

#endif
