// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers in NVMM memory as the elements of a Jetson board make them, through the look-alikes of
// NVIDIA's libraries, which the dynamic loader has to find.
#pragma once

#include <gst/video/video.h>

#include "surfaces.h"

namespace jetsoncaption {

// What the bytes of a buffer are: the handle that libnvbuf_utils.so knows, or an NvBufSurface.
enum class NvmmKind { Handle, Surface };

// A started pool of frames like `info`, NV12 or RGBA. Their memory is like that of
// nvarguscamerasrc: it can be mapped, for its handle, but not shared in parts, and a copy of it is
// no NVMM memory. The caller owns the pool.
GstBufferPool* make_nvmm_pool(const GstVideoInfo& info, NvmmKind kind, fake_nvmm::Layout layout,
                              guint frames);

// Says of a frame of the kind Surface that it holds frames of so many streams, as nvstreammux makes
// them.
void fill_nvmm_frame(GstBuffer* frame, uint32_t streams);

// All planes of a frame of the kind Surface, as an element does that works on it with the CPU.
void map_nvmm_frame(GstBuffer* frame);
void unmap_nvmm_frame(GstBuffer* frame);
bool is_nvmm_frame_mapped(GstBuffer* frame);

// The surface of a buffer, for fake_nvmm; -1 if it has none.
int nvmm_surface_of(GstBuffer* buffer);

}  // namespace jetsoncaption
