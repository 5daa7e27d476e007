// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts captions on frames, and does the work of drawing them only when something changed.
#include "plugin/overlay/overlay.h"

namespace jetsoncaption {

// Afterwards drawn_ and faded_ are what is asked for.
void CaptionOverlay::prepare(const std::string& text, const GstVideoInfo& info,
                             const OverlayStyle& style, double opacity, CaptionUse use) {
  const bool is_new = !drawn_ || !drawn_->fits(text, info, style, use);
  if (is_new) {
    const bool is_offered = offered_ && offered_->fits(text, info, style, use);
    drawn_ = is_offered ? offered_ : DrawnCaption::make(renderer_, text, info, style, use);
    rasterised_ += is_offered ? 0 : 1;
  }
  if (is_new || opacity != opacity_) {
    faded_ = opacity < 1 ? drawn_->faded(opacity) : drawn_;
    opacity_ = opacity;
    composition_.reset();
    below_.reset();
  }
}

const DrawnCaption& CaptionOverlay::drawn(const std::string& text, const GstVideoInfo& info,
                                          const OverlayStyle& style, double opacity) {
  prepare(text, info, style, opacity, CaptionUse::Blend);
  return *faded_;
}

void CaptionOverlay::attach(GstBuffer* buffer, const GstVideoInfo& info, const std::string& text,
                            const OverlayStyle& style, double opacity) {
  prepare(text, info, style, opacity, CaptionUse::Attach);
  if (faded_->rectangle() == nullptr)
    return;
  GstVideoOverlayCompositionMeta* attached = gst_buffer_get_video_overlay_composition_meta(buffer);
  compose(attached != nullptr ? attached->overlay : nullptr);
  if (attached != nullptr)
    gst_buffer_remove_video_overlay_composition_meta(buffer, attached);
  gst_buffer_add_video_overlay_composition_meta(buffer, composition_.get());
}

// The same composition as before while nothing changed: by its number those downstream know that
// they have drawn or uploaded it already.
void CaptionOverlay::compose(GstVideoOverlayComposition* below) {
  if (composition_ && below == below_.get())
    return;
  if (below == nullptr) {
    composition_.reset(gst_video_overlay_composition_new(faded_->rectangle()));
  } else {
    composition_.reset(gst_video_overlay_composition_copy(below));
    gst_video_overlay_composition_add_rectangle(composition_.get(), faded_->rectangle());
  }
  below_.reset(below != nullptr ? gst_video_overlay_composition_ref(below) : nullptr);
}

}  // namespace jetsoncaption
