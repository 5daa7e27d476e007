// SPDX-License-Identifier: LGPL-2.1-or-later
// Colors of video frames as R, G and B.
#include "plugin/frames/yuv_to_rgb.h"

#include <algorithm>
#include <cmath>

namespace jetsoncaption {

namespace {

constexpr int kShift = 16;
constexpr int kHalf = 1 << (kShift - 1);

int fixed(double value) {
  return static_cast<int>(std::lround(value * (1 << kShift)));
}

uint8_t to_byte(int value) {
  return static_cast<uint8_t>(std::max(0, std::min(255, value >> kShift)));
}

}  // namespace

// ITU-R BT.601-7, section 2.5, and BT.709-6, item 3, differ in kr and kb only.
YuvToRgb::YuvToRgb(const GstVideoInfo& info) {
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

void YuvToRgb::convert(const int16_t* __restrict ys, const int16_t* __restrict us,
                       const int16_t* __restrict vs, uint8_t* __restrict rgb, int pixels) const {
  for (int i = 0; i < pixels; ++i) {
    const int y = (ys[i] - y_offset_) * y_ + kHalf;
    const int u = us[i] - kNoColor;
    const int v = vs[i] - kNoColor;
    rgb[3 * i] = to_byte(y + red_v_ * v);
    rgb[3 * i + 1] = to_byte(y + green_u_ * u + green_v_ * v);
    rgb[3 * i + 2] = to_byte(y + blue_u_ * u);
  }
}

}  // namespace jetsoncaption
