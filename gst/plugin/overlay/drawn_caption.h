// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as it looks in frames of one kind, made once and blended into many.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <gst/video/video.h>

#include "base/page_vector.h"
#include "plugin/overlay/caption_renderer.h"

namespace jetsoncaption {

// What will be done with it. Each takes another form, of a megabyte or more at 1080p.
enum class CaptionUse { Blend, Attach };

// Never changes once it is made, so that any thread may use it.
class DrawnCaption {
 public:
  // Lays out and draws `text` for frames like `info`, in a format of frame_formats.h. Takes
  // milliseconds. Never null: where there is nothing to see, blend() does nothing.
  static std::shared_ptr<const DrawnCaption> make(CaptionRenderer& renderer,
                                                  const std::string& text, const GstVideoInfo& info,
                                                  const OverlayStyle& style, CaptionUse use);

  // The same with so much of its opacity, 0 to 1. Takes a fraction of a millisecond.
  std::shared_ptr<const DrawnCaption> faded(double opacity) const;

  // Whether make() would give the same for these.
  bool fits(const std::string& text, const GstVideoInfo& info, const OverlayStyle& style,
            CaptionUse use) const;

  // Draws on a frame of the kind it was made for, mapped for reading and writing, and returns the
  // part of the frame that may have changed: empty if there was nothing to draw.
  CaptionRect blend(GstVideoFrame* frame) const;

  // The same where `part` holds only the pixels of the frame that lie in `window`, which has even
  // sides, from its own top left corner on. Rows outside of the window are left out; columns are
  // all in it.
  void blend_part(GstVideoFrame* part, const CaptionRect& window) const;

  // Where it belongs; empty where there is nothing to see.
  const CaptionRect& rect() const { return rect_; }

  // For overlay compositions, if it was made for CaptionUse::Attach and there is something to see;
  // else null. Borrowed.
  GstVideoOverlayRectangle* rectangle() const { return rectangle_.get(); }

 private:
  DrawnCaption(std::string text, const GstVideoInfo& info, OverlayStyle style, CaptionUse use)
      : text_(std::move(text)), info_(info), style_(std::move(style)), use_(use) {}
  DrawnCaption(const DrawnCaption&) = default;

  bool make_planes(CaptionPicture picture);

  const std::string text_;
  const GstVideoInfo info_;
  const OverlayStyle style_;
  const CaptionUse use_;
  CaptionRect rect_;
  std::shared_ptr<GstVideoOverlayRectangle> rectangle_;
  bool drawable_ = false;       // there is something to see, in a format that it can be brought to
  GstVideoInfo planes_info_{};  // the frame's format in the size of the caption
  // frame = color + frame * keep / 255, byte by byte, in the layout of planes_info_.
  PageVector<uint8_t> color_;
  PageVector<uint8_t> keep_;
};

}  // namespace jetsoncaption
