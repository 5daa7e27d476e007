// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts captions on frames, and does the work of drawing them only when something changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <gst/video/video.h>

#include "plugin/overlay/caption_renderer.h"
#include "plugin/overlay/drawn_caption.h"

namespace jetsoncaption {

// Not thread-safe: one overlay belongs to one streaming thread at a time. Format, size and style
// may change between calls.
class CaptionOverlay {
 public:
  // A caption that was drawn elsewhere, or null: used if it fits what draw() is asked for next, so
  // that the streaming thread need not draw it.
  void offer(std::shared_ptr<const DrawnCaption> drawn) { offered_ = std::move(drawn); }

  // `text` as it is to be blended into frames like `info`; valid until the next call. While the
  // arguments stay the same, a call does nothing. Never fails.
  const DrawnCaption& drawn(const std::string& text, const GstVideoInfo& info,
                            const OverlayStyle& style, double opacity = 1);

  // Attaches `text` to a writable buffer of frames like `info` as overlay composition metadata,
  // on top of what is attached already; for those downstream who blend themselves.
  void attach(GstBuffer* buffer, const GstVideoInfo& info, const std::string& text,
              const OverlayStyle& style, double opacity = 1);

  // How often a text was drawn here.
  uint64_t rasterised() const { return rasterised_; }

 private:
  struct CompositionUnref {
    void operator()(GstVideoOverlayComposition* composition) const {
      gst_video_overlay_composition_unref(composition);
    }
  };
  using Composition = std::unique_ptr<GstVideoOverlayComposition, CompositionUnref>;

  void prepare(const std::string& text, const GstVideoInfo& info, const OverlayStyle& style,
               double opacity, CaptionUse use);
  void compose(GstVideoOverlayComposition* below);

  CaptionRenderer renderer_;
  uint64_t rasterised_ = 0;
  std::shared_ptr<const DrawnCaption> offered_;
  std::shared_ptr<const DrawnCaption> drawn_;  // as it was asked for last, without opacity
  std::shared_ptr<const DrawnCaption> faded_;  // the same with opacity_
  double opacity_ = 1;
  Composition composition_;  // of the rectangle of faded_ on below_
  Composition below_;        // what upstream had attached; null: nothing
};

}  // namespace jetsoncaption
