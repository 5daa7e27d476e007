// SPDX-License-Identifier: LGPL-2.1-or-later
// A frame that is to be described, and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <gst/video/video.h>

#include "base/error.h"
#include "plugin/overlay/caption_renderer.h"
#include "plugin/overlay/drawn_caption.h"
#include "plugin/session/caption_buffer.h"
#include "plugin/session/engine_handle.h"

namespace jetsoncaption {

// Times are nanoseconds as in GStreamer, and all bits set means none.
struct CaptionJob {
  uint64_t frame = 0;  // counted from 0 since the element started
  uint64_t timestamp = 0;
  uint64_t stream_time = 0;
  uint64_t running_time = 0;
  std::chrono::steady_clock::time_point taken_at;  // when the frame passed
  EngineRequest request;
  // How the caption will be drawn, if nothing changes meanwhile.
  bool is_drawn = false;
  CaptionUse use = CaptionUse::Blend;
  GstVideoInfo info{};
  OverlayStyle style;
};

// A caption and the frame it describes. Never changes once it is published.
struct FrameCaption {
  CaptionBuffer caption;
  CaptionJob job;
  std::string model;
  std::string shown_text;                     // as it is drawn
  std::shared_ptr<const DrawnCaption> drawn;  // null if job.is_drawn is false
  bool changed = false;                       // the text differs from the caption before

  const char* text() const { return caption.meta().text; }
  double confidence() const { return caption.meta().confidence; }
  double inference_ms() const { return static_cast<double>(caption.meta().inference_time) / 1e6; }
};

struct CaptionFailure {
  Error error;
  uint64_t frame = 0;
  // Until it is tried (live) or reported (every-frame) again; of Lost, until a worker is started.
  std::chrono::milliseconds pause{0};
};

}  // namespace jetsoncaption
