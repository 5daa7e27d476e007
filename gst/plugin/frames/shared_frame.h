// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in memory that cannot be copied, and that somebody else looks at too.
#pragma once

#include <gst/gst.h>

namespace jetsoncaption {

// Whether nobody else has the buffer or its memory, behind a tee for example, or in a sink that
// keeps the last frame.
bool is_frame_exclusive(GstBuffer* buffer);

// A writable buffer, owned by the caller, with the metadata and the very memory of `buffer`, which
// it keeps from being recycled. A copy would not do: the bytes of NVMM memory are only a handle, so
// the copy of a handle is no frame of its own, and lets the pool hand out the frame again.
GstBuffer* share_frame(GstBuffer* buffer);

}  // namespace jetsoncaption
