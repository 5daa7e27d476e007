// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption that is ready to be blended, byte by byte. Its picture is converted once into the
// layout of the frames, as two sets of planes: the color it adds and how much of the frame it
// keeps. What remains for each frame is one multiplication and one addition a byte, in any format.
#include "plugin/overlay/drawn_caption.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plugin/overlay/pixels.h"
#include "plugin/overlay/video_convert.h"

namespace jetsoncaption {

namespace {

GstVideoInfo make_info(GstVideoFormat format, const CaptionRect& rect) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(rect.width),
                            static_cast<guint>(rect.height));
  return info;
}

// False: GStreamer knows no way between the two formats.
bool convert(const GstVideoInfo& from_info, const uint8_t* from, const GstVideoInfo& to_info,
             uint8_t* to, GstVideoMatrixMode matrix_mode) {
  GstStructure* options =
      gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_MATRIX_MODE, GST_TYPE_VIDEO_MATRIX_MODE,
                        matrix_mode, GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
                        GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, nullptr);
  GstVideoInfo in = from_info;
  GstVideoInfo out = to_info;
  const VideoConverter converter(gst_video_converter_new(&in, &out, options));
  if (!converter)
    return false;
  GstVideoFrame source = wrap_pixels(in, const_cast<uint8_t*>(from));
  GstVideoFrame target = wrap_pixels(out, to);
  gst_video_converter_frame(converter.get(), &source, &target);
  return true;
}

// Alpha comes first.
Pixel weighted(const Pixel& straight) {
  const unsigned alpha = straight[0];
  Pixel pixel = straight;
  for (size_t i = 1; i < pixel.size(); ++i)
    pixel[i] = static_cast<uint8_t>((straight[i] * alpha + 127) / 255);
  return pixel;
}

Pixel alpha_only(const Pixel& pixel) {
  return {pixel[0], pixel[0], pixel[0], pixel[0]};
}

template <typename Change>
void change_all(PageVector<uint8_t>& pixels, const Change& change) {
  change_pixels(pixels.data(), pixels.data(), pixels.size() / sizeof(Pixel), change);
}

// A, R, G, B bytes in the order that overlay compositions have: the same, or the reverse on
// little-endian machines.
Pixel in_native_order(const Pixel& argb) {
  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    return argb;
  return {argb[3], argb[2], argb[1], argb[0]};
}

std::shared_ptr<GstVideoOverlayRectangle> own(GstVideoOverlayRectangle* rectangle) {
  return {rectangle, gst_video_overlay_rectangle_unref};
}

// Takes the pixels. Null: there are none, for want of memory.
std::shared_ptr<GstVideoOverlayRectangle> make_rectangle(GstBuffer* pixels,
                                                         const CaptionRect& rect) {
  if (pixels == nullptr)
    return nullptr;
  auto rectangle = own(gst_video_overlay_rectangle_new_raw(
      pixels, rect.x, rect.y, static_cast<guint>(rect.width), static_cast<guint>(rect.height),
      GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  gst_buffer_unref(pixels);
  return rectangle;
}

std::shared_ptr<GstVideoOverlayRectangle> make_rectangle(CaptionPicture picture) {
  change_all(picture.pixels, in_native_order);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, picture.pixels.size(), nullptr);
  if (buffer == nullptr)
    return nullptr;
  gst_buffer_fill(buffer, 0, picture.pixels.data(), picture.pixels.size());
  gst_buffer_add_video_meta(
      buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
      static_cast<guint>(picture.rect.width), static_cast<guint>(picture.rect.height));
  return make_rectangle(buffer, picture.rect);
}

// With pixels of its own. The alpha that a rectangle has for all of its pixels would cost no copy,
// but GStreamer 1.22 applies it to the pixels of the rectangle that it was copied from, too.
template <typename Fade>
std::shared_ptr<GstVideoOverlayRectangle> fade_rectangle(GstVideoOverlayRectangle* rectangle,
                                                         const CaptionRect& rect,
                                                         const Fade& fade) {
  GstBuffer* pixels = gst_buffer_copy_deep(gst_video_overlay_rectangle_get_pixels_unscaled_raw(
      rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  GstMapInfo map;
  if (pixels != nullptr && gst_buffer_map(pixels, &map, GST_MAP_READWRITE)) {
    constexpr gsize kAlpha = G_BYTE_ORDER == G_BIG_ENDIAN ? 0 : 3;
    for (gsize at = kAlpha; at < map.size; at += 4)
      map.data[at] = fade(map.data[at]);
    gst_buffer_unmap(pixels, &map);
  }
  return make_rectangle(pixels, rect);
}

struct PlaneGeometry {
  size_t x_offset = 0;   // bytes from the row's begin to the rectangle
  size_t row_bytes = 0;  // bytes of a row of the rectangle
  int first_row = 0;
  int rows = 0;
};

// Where a rectangle on the grid of CaptionPicture lies in a plane. A plane may hold several
// components with different subsampling, as in YUY2: the widest one decides.
PlaneGeometry locate(const GstVideoFormatInfo* format, guint plane, const CaptionRect& rect) {
  PlaneGeometry geometry;
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
    if (GST_VIDEO_FORMAT_INFO_PLANE(format, i) != plane)
      continue;
    const auto pixel_bytes = static_cast<size_t>(GST_VIDEO_FORMAT_INFO_PSTRIDE(format, i));
    const auto columns =
        static_cast<size_t>(GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, i, rect.width));
    geometry.x_offset =
        static_cast<size_t>(GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, i, rect.x)) * pixel_bytes;
    geometry.row_bytes = std::max(geometry.row_bytes, columns * pixel_bytes);
    geometry.first_row = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, i, rect.y);
    geometry.rows = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, i, rect.height);
  }
  return geometry;
}

void blend_row(uint8_t* __restrict frame, const uint8_t* __restrict color,
               const uint8_t* __restrict keep, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    // Division by 255 with rounding, exact for products of two bytes, within 16 bits.
    const auto product = static_cast<uint16_t>(frame[i] * keep[i] + 128);
    const auto kept = static_cast<uint16_t>(static_cast<uint16_t>(product + (product >> 8)) >> 8);
    const auto sum = static_cast<uint16_t>(color[i] + kept);
    frame[i] = static_cast<uint8_t>(sum > 255 ? 255 : sum);
  }
}

FrameShape shape_of(const GstVideoInfo& info) {
  FrameShape shape;
  shape.width = GST_VIDEO_INFO_WIDTH(&info);
  shape.height = GST_VIDEO_INFO_HEIGHT(&info);
  if (GST_VIDEO_INFO_PAR_N(&info) > 0 && GST_VIDEO_INFO_PAR_D(&info) > 0)
    shape.pixel_aspect =
        static_cast<double>(GST_VIDEO_INFO_PAR_N(&info)) / GST_VIDEO_INFO_PAR_D(&info);
  return shape;
}

bool same_pixels(const GstVideoInfo& a, const GstVideoInfo& b) {
  return GST_VIDEO_INFO_FORMAT(&a) == GST_VIDEO_INFO_FORMAT(&b) && a.chroma_site == b.chroma_site &&
         gst_video_colorimetry_is_equal(&a.colorimetry, &b.colorimetry);
}

}  // namespace

bool DrawnCaption::fits(const std::string& text, const GstVideoInfo& info,
                        const OverlayStyle& style, CaptionUse use) const {
  return use == use_ && text == text_ && style == style_ && shape_of(info) == shape_of(info_) &&
         same_pixels(info, info_);
}

std::shared_ptr<const DrawnCaption> DrawnCaption::make(CaptionRenderer& renderer,
                                                       const std::string& text,
                                                       const GstVideoInfo& info,
                                                       const OverlayStyle& style, CaptionUse use) {
  std::shared_ptr<DrawnCaption> drawn(new DrawnCaption(text, info, style, use));
  CaptionPicture picture = renderer.render(text, shape_of(info), style);
  drawn->rect_ = picture.rect;
  if (picture.rect.empty())
    return drawn;
  if (use == CaptionUse::Blend)
    drawn->drawable_ = drawn->make_planes(std::move(picture));
  else
    drawn->rectangle_ = make_rectangle(std::move(picture));
  return drawn;
}

std::shared_ptr<const DrawnCaption> DrawnCaption::faded(double opacity) const {
  std::shared_ptr<DrawnCaption> faded(new DrawnCaption(*this));
  const auto share = static_cast<unsigned>(std::lround(opacity * 256));
  const auto fade = [share](uint8_t value) { return static_cast<uint8_t>(value * share >> 8); };
  for (uint8_t& color : faded->color_)
    color = fade(color);
  for (uint8_t& keep : faded->keep_)
    keep = static_cast<uint8_t>(255 - fade(static_cast<uint8_t>(255 - keep)));
  if (rectangle_ != nullptr)
    faded->rectangle_ = fade_rectangle(rectangle_.get(), rect_, fade);
  return faded;
}

CaptionRect DrawnCaption::blend(GstVideoFrame* frame) const {
  if (!drawable_)
    return {};
  blend_part(frame, {0, 0, GST_VIDEO_FRAME_WIDTH(frame), GST_VIDEO_FRAME_HEIGHT(frame)});
  return rect_;
}

void DrawnCaption::blend_part(GstVideoFrame* part, const CaptionRect& window) const {
  if (!drawable_)
    return;
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(part); ++plane) {
    const PlaneGeometry geometry = locate(part->info.finfo, plane, rect_);
    const PlaneGeometry shown = locate(part->info.finfo, plane, window);
    const ptrdiff_t stride = GST_VIDEO_FRAME_PLANE_STRIDE(part, plane);
    const ptrdiff_t own_stride = GST_VIDEO_INFO_PLANE_STRIDE(&planes_info_, plane);
    const size_t own_offset = GST_VIDEO_INFO_PLANE_OFFSET(&planes_info_, plane);
    const int first_row = std::max(geometry.first_row, shown.first_row);
    const int end_row = std::min(geometry.first_row + geometry.rows, shown.first_row + shown.rows);
    auto* row = static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(part, plane)) +
                (first_row - shown.first_row) * stride + (geometry.x_offset - shown.x_offset);
    for (int y = first_row; y < end_row; ++y, row += stride) {
      const size_t own_row =
          own_offset + static_cast<size_t>((y - geometry.first_row) * own_stride);
      blend_row(row, &color_[own_row], &keep_[own_row], geometry.row_bytes);
    }
  }
}

// False: GStreamer cannot convert into the format.
bool DrawnCaption::make_planes(CaptionPicture picture) {
  // Four bytes a pixel in the frame's own color space.
  const GstVideoFormat unpacked =
      GST_VIDEO_INFO_IS_RGB(&info_) ? GST_VIDEO_FORMAT_ARGB : GST_VIDEO_FORMAT_AYUV;
  GstVideoInfo unpacked_info = make_info(unpacked, rect_);
  unpacked_info.colorimetry = info_.colorimetry;
  PageVector<uint8_t> pixels(GST_VIDEO_INFO_SIZE(&unpacked_info));
  if (!convert(make_info(GST_VIDEO_FORMAT_ARGB, rect_), picture.pixels.data(), unpacked_info,
               pixels.data(), GST_VIDEO_MATRIX_MODE_FULL))
    return false;
  picture = {};

  planes_info_ = make_info(GST_VIDEO_INFO_FORMAT(&info_), rect_);
  planes_info_.colorimetry = info_.colorimetry;
  planes_info_.chroma_site = info_.chroma_site;
  color_.resize(GST_VIDEO_INFO_SIZE(&planes_info_));
  keep_.resize(GST_VIDEO_INFO_SIZE(&planes_info_));
  change_all(pixels, weighted);
  if (!convert(unpacked_info, pixels.data(), planes_info_, color_.data(),
               GST_VIDEO_MATRIX_MODE_NONE))
    return false;
  change_all(pixels, alpha_only);
  if (!convert(unpacked_info, pixels.data(), planes_info_, keep_.data(),
               GST_VIDEO_MATRIX_MODE_NONE))
    return false;
  for (uint8_t& keep : keep_)
    keep = static_cast<uint8_t>(255 - keep);
  return true;
}

}  // namespace jetsoncaption
