// SPDX-License-Identifier: LGPL-2.1-or-later
// Colors of video frames as R, G and B.
#pragma once

#include <cstdint>

#include <gst/video/video.h>

namespace jetsoncaption {

// Converts by the matrix and range of a frame's colorimetry, to the nearest unit. (GStreamer's own
// conversion of 8-bit pictures cuts off fractions and comes out 2 to 3 units too dark, which a
// network trained on exact colors sees.)
class YuvToRgb {
 public:
  explicit YuvToRgb(const GstVideoInfo& info);

  // Writes 3 * pixels bytes, R first. Values are 0 to 255.
  void convert(const int16_t* ys, const int16_t* us, const int16_t* vs, uint8_t* rgb,
               int pixels) const;

  static constexpr int16_t kNoColor = 128;  // U and V of gray

 private:
  int y_offset_ = 0;
  int y_ = 0;  // this and the others in units of 2^-16
  int red_v_ = 0;
  int green_u_ = 0;
  int green_v_ = 0;
  int blue_u_ = 0;
};

}  // namespace jetsoncaption
