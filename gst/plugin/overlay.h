// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws a caption on a video frame and touches only the caption's rectangle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gst/video/video.h>

#include "plugin/caption_renderer.h"

namespace jetsoncaption {

// Blends captions into frames of the formats in frame_formats.h. Not thread-safe: one overlay
// belongs to one streaming thread at a time. Format, size and colours may change between calls.
class CaptionOverlay {
 public:
  // Draws `text` on a frame that is mapped for reading and writing, and returns the part of the
  // frame that may have changed: empty if the text or the frame left nothing to draw. While text,
  // style and frame properties stay the same, a call only blends. Never fails.
  CaptionRect draw(GstVideoFrame* frame, const std::string& text, const OverlayStyle& style);

  // How often a text was turned into a picture.
  uint64_t rasterised() const { return renderer_.rasterised(); }

 private:
  bool prepare(const GstVideoInfo& frame_info, const CaptionPicture& picture);

  CaptionRenderer renderer_;
  bool drawable_ = false;       // the format is one that captions can be converted into
  uint64_t prepared_for_ = 0;   // the renderer's count when the planes below were made
  GstVideoInfo frame_info_{};   // of the frames they were made for
  GstVideoInfo planes_info_{};  // the frame's format in the size of the caption
  // frame = color + frame * keep / 255, byte by byte, in the layout of planes_info_.
  std::vector<uint8_t> color_;
  std::vector<uint8_t> keep_;
};

}  // namespace jetsoncaption
