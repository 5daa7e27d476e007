// SPDX-License-Identifier: LGPL-2.1-or-later
// Shrinks in the frame's own format first, because GStreamer scales planes without unpacking them,
// and converts to RGB what is left. Neither step sees more lines than it needs.
#include "plugin/frame_shrink.h"

#include <algorithm>
#include <cmath>

#include "plugin/video_convert.h"

namespace jetsoncaption {

namespace {

// Enough for the resampler to average over; more would only cost memory bandwidth.
constexpr int kLinesPerRow = 2;

// Linear filters, which GStreamer widens when it shrinks so that nothing aliases. No matrix: colors
// are converted only where both sides are RGB or both the same YUV.
VideoConverter make_converter(GstVideoInfo from, GstVideoInfo to) {
  GstStructure* options = gst_structure_new(
      "options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD, GST_TYPE_VIDEO_RESAMPLER_METHOD,
      GST_VIDEO_RESAMPLER_METHOD_LINEAR, GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
      GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, GST_VIDEO_CONVERTER_OPT_MATRIX_MODE,
      GST_TYPE_VIDEO_MATRIX_MODE, GST_VIDEO_MATRIX_MODE_NONE, GST_VIDEO_CONVERTER_OPT_THREADS,
      G_TYPE_UINT, 1U, nullptr);
  return VideoConverter(gst_video_converter_new(&from, &to, options));
}

// The colors of `like` in another format and size. Progressive, because shrinking by two and more
// lines mixes the fields anyway.
GstVideoInfo make_info(GstVideoFormat format, int width, int height, const GstVideoInfo& like) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
  info.colorimetry = like.colorimetry;
  info.chroma_site = like.chroma_site;
  return info;
}

// The format to shrink into: the frame's own, which is quick. GStreamer (1.22 and before) cannot
// scale packed YUV where luma and chroma need filters of different length, as with odd widths.
GstVideoFormat choose_small_format(const GstVideoInfo& info, int width) {
  const auto same_filters = [](int pixels) { return pixels % 2 == 0 && pixels >= 16; };
  const GstVideoFormat format = GST_VIDEO_INFO_FORMAT(&info);
  const bool packed_yuv = format == GST_VIDEO_FORMAT_YUY2 || format == GST_VIDEO_FORMAT_UYVY;
  if (packed_yuv && !(same_filters(GST_VIDEO_INFO_WIDTH(&info)) && same_filters(width)))
    return GST_VIDEO_FORMAT_AYUV;
  return format;
}

// AYUV to RGB by the frame's own matrix and range. GStreamer's conversion of 8-bit pictures cuts
// off fractions and comes out 2 to 3 units too dark, which a network trained on exact colors sees.
class YuvToRgb {
 public:
  explicit YuvToRgb(const GstVideoInfo& info) {
    double kr = 0.2990;  // BT.601, where the frame does not say; of no account for gray
    double kb = 0.1140;
    gst_video_color_matrix_get_Kr_Kb(info.colorimetry.matrix, &kr, &kb);
    const double kg = 1 - kr - kb;
    gint offset[GST_VIDEO_MAX_COMPONENTS];
    gint scale[GST_VIDEO_MAX_COMPONENTS];
    gst_video_color_range_offsets(info.colorimetry.range,
                                  gst_video_format_get_info(GST_VIDEO_FORMAT_AYUV), offset, scale);
    y_offset_ = offset[0];
    y_ = fixed(255.0 / scale[0]);
    red_v_ = fixed(255.0 / scale[2] * 2 * (1 - kr));
    green_u_ = fixed(-255.0 / scale[1] * 2 * (1 - kb) * kb / kg);
    green_v_ = fixed(-255.0 / scale[2] * 2 * (1 - kr) * kr / kg);
    blue_u_ = fixed(255.0 / scale[1] * 2 * (1 - kb));
  }

  void convert(const uint8_t* ayuv, uint8_t* rgb, size_t pixels) const {
    for (size_t i = 0; i < pixels; ++i, ayuv += 4, rgb += 3) {
      const int y = (ayuv[1] - y_offset_) * y_ + kHalf;
      const int u = ayuv[2] - 128;
      const int v = ayuv[3] - 128;
      rgb[0] = to_byte(y + red_v_ * v);
      rgb[1] = to_byte(y + green_u_ * u + green_v_ * v);
      rgb[2] = to_byte(y + blue_u_ * u);
    }
  }

 private:
  static constexpr int kShift = 16;
  static constexpr int kHalf = 1 << (kShift - 1);

  static int fixed(double value) { return static_cast<int>(std::lround(value * (1 << kShift))); }
  static uint8_t to_byte(int value) {
    return static_cast<uint8_t>(std::max(0, std::min(255, value >> kShift)));
  }

  int y_offset_ = 0;
  int y_ = 0;
  int red_v_ = 0;
  int green_u_ = 0;
  int green_v_ = 0;
  int blue_u_ = 0;
};

}  // namespace

// Everything that depends on the size of the result.
struct FrameShrinker::Plan {
  Plan(const GstVideoInfo& info, int new_width, int new_height)
      : width(new_width),
        height(new_height),
        line_step(std::max(1, GST_VIDEO_INFO_HEIGHT(&info) / (kLinesPerRow * height))),
        source(make_info(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_INFO_WIDTH(&info),
                         GST_VIDEO_INFO_HEIGHT(&info) / line_step, info)),
        small(make_info(choose_small_format(info, width), width, height, info)),
        is_rgb(GST_VIDEO_INFO_IS_RGB(&info)),
        unpacked(
            make_info(is_rgb ? GST_VIDEO_FORMAT_RGB : GST_VIDEO_FORMAT_AYUV, width, height, info)),
        to_rgb(info),
        shrink(make_converter(source, small)),
        small_pixels(GST_VIDEO_INFO_SIZE(&small)) {
    if (is_rgb) {
      GST_VIDEO_INFO_PLANE_STRIDE(&unpacked, 0) = 3 * width;  // as the caller wants it
    } else {
      unpacked_pixels.resize(GST_VIDEO_INFO_SIZE(&unpacked));
    }
    unpack = make_converter(small, unpacked);
  }

  bool ok() const { return shrink && unpack; }

  GstVideoFrame skip_lines(const GstVideoFrame& frame) const;

  const int width;
  const int height;
  const int line_step;  // every so many lines of the frame are looked at
  const GstVideoInfo source;
  const GstVideoInfo small;
  const bool is_rgb;
  GstVideoInfo unpacked;
  const YuvToRgb to_rgb;
  VideoConverter shrink;
  VideoConverter unpack;
  std::vector<uint8_t> small_pixels;
  std::vector<uint8_t> unpacked_pixels;  // AYUV; RGB goes straight to the caller
};

// The same pixels with longer strides. Of each group of lines, luma or chroma, the middle one
// stays, so that colors stay where they belong.
GstVideoFrame FrameShrinker::Plan::skip_lines(const GstVideoFrame& frame) const {
  GstVideoFrame thin{};
  thin.info = source;
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&source); ++plane) {
    const int stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
    const ptrdiff_t first_line = (line_step - 1) / 2;
    thin.info.stride[plane] = stride * line_step;
    thin.data[plane] = static_cast<uint8_t*>(frame.data[plane]) + first_line * stride;
  }
  return thin;
}

FrameShrinker::FrameShrinker(const GstVideoInfo& info) : info_(info) {}
FrameShrinker::~FrameShrinker() = default;

bool FrameShrinker::prepare(int width, int height) {
  if (width < 1 || height < 1)
    return false;
  if (!plan_ || plan_->width != width || plan_->height != height)
    plan_ = std::make_unique<Plan>(info_, width, height);
  return plan_->ok();
}

bool FrameShrinker::shrink(const GstVideoFrame* frame, uint8_t* rgb, int width, int height) {
  if (GST_VIDEO_FRAME_FORMAT(frame) != GST_VIDEO_INFO_FORMAT(&info_) ||
      GST_VIDEO_FRAME_WIDTH(frame) != GST_VIDEO_INFO_WIDTH(&info_) ||
      GST_VIDEO_FRAME_HEIGHT(frame) != GST_VIDEO_INFO_HEIGHT(&info_))
    return false;
  if (!prepare(width, height))
    return false;

  Plan& plan = *plan_;
  const GstVideoFrame source = plan.skip_lines(*frame);
  GstVideoFrame small = wrap_pixels(plan.small, plan.small_pixels.data());
  GstVideoFrame unpacked =
      wrap_pixels(plan.unpacked, plan.is_rgb ? rgb : plan.unpacked_pixels.data());
  gst_video_converter_frame(plan.shrink.get(), &source, &small);
  gst_video_converter_frame(plan.unpack.get(), &small, &unpacked);
  if (!plan.is_rgb)
    plan.to_rgb.convert(plan.unpacked_pixels.data(), rgb, static_cast<size_t>(width) * height);
  return true;
}

}  // namespace jetsoncaption
