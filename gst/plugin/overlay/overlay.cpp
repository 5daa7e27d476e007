// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts captions on frames, and does the work of drawing them only when something changed.
#include "plugin/overlay/overlay.h"

namespace jetsoncaption {

namespace {

constexpr size_t kPixelBytes = 4;

// A, R, G, B bytes in the order that overlay compositions have: the same, or the reverse on
// little-endian machines.
void copy_pixel(const uint8_t* argb, uint8_t* to) {
  for (size_t i = 0; i < kPixelBytes; ++i)
    to[i] = argb[G_BYTE_ORDER == G_LITTLE_ENDIAN ? kPixelBytes - 1 - i : i];
}

GstBuffer* pixels_of(const CaptionPicture& picture) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, picture.pixels.size(), nullptr);
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
    for (size_t i = 0; i < picture.pixels.size(); i += kPixelBytes)
      copy_pixel(&picture.pixels[i], map.data + i);
    gst_buffer_unmap(buffer, &map);
  }
  gst_buffer_add_video_meta(
      buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
      static_cast<guint>(picture.rect.width), static_cast<guint>(picture.rect.height));
  return buffer;
}

}  // namespace

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
    rectangle_.reset();
    composition_.reset();
    below_.reset();
  }
}

const DrawnCaption& CaptionOverlay::drawn(const std::string& text, const GstVideoInfo& info,
                                          const OverlayStyle& style, double opacity) {
  prepare(text, info, style, opacity, CaptionUse::Blend);
  return *faded_;
}

void CaptionOverlay::make_rectangle() {
  const CaptionPicture& picture = faded_->picture();
  if (picture.rect.empty())
    return;
  GstBuffer* pixels = pixels_of(picture);
  rectangle_.reset(gst_video_overlay_rectangle_new_raw(
      pixels, picture.rect.x, picture.rect.y, static_cast<guint>(picture.rect.width),
      static_cast<guint>(picture.rect.height), GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  gst_buffer_unref(pixels);
}

void CaptionOverlay::attach(GstBuffer* buffer, const GstVideoInfo& info, const std::string& text,
                            const OverlayStyle& style, double opacity) {
  prepare(text, info, style, opacity, CaptionUse::Attach);
  if (!rectangle_)
    make_rectangle();
  if (!rectangle_)
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
    composition_.reset(gst_video_overlay_composition_new(rectangle_.get()));
  } else {
    composition_.reset(gst_video_overlay_composition_copy(below));
    gst_video_overlay_composition_add_rectangle(composition_.get(), rectangle_.get());
  }
  below_.reset(below != nullptr ? gst_video_overlay_composition_ref(below) : nullptr);
}

}  // namespace jetsoncaption
