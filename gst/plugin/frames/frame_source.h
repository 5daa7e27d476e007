// SPDX-License-Identifier: LGPL-2.1-or-later
// How the element reaches the pixels of frames, wherever they are.
#pragma once

#include <memory>

#include <gst/video/video.h>

#include "base/result.h"
#include "plugin/frames/frame_shrink.h"
#include "plugin/overlay/drawn_caption.h"

namespace jetsoncaption {

// Serves frames of one kind of caps, on the streaming thread. Keeps no buffer beyond a call. An
// error is a sentence that says what to do about it.
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  // Reads of a frame what is needed for a picture of this size. The reader is the one of the call
  // before where that made the same size, so it must not be in use.
  virtual Result<std::shared_ptr<FrameShrinker>> read(GstBuffer* buffer, PictureSize size) = 0;

  // Draws on a frame that nobody else uses. After an error nothing was drawn, or a part.
  virtual Result<void> draw(GstBuffer* buffer, const DrawnCaption& caption) = 0;
};

// Whether the frames of these caps are in NVMM memory.
bool is_nvmm(const GstCaps* caps);

// For frames like `info` in that memory or in system memory. NotFound where NVMM needs libraries
// that are missing.
Result<std::unique_ptr<FrameSource>> make_frame_source(const GstVideoInfo& info, bool nvmm);

}  // namespace jetsoncaption
