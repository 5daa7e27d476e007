// SPDX-License-Identifier: LGPL-2.1-or-later
// Colors as R, G and B that were given as brightness and two differences.
#pragma once

#include <cstdint>

namespace jetsoncaption {

// ITU-R BT.601-7, section 2.5, and BT.709-6, item 3, differ in kr and kb only.
struct YuvColors {
  double kr = 0.299;  // of red in brightness; BT.601
  double kb = 0.114;  // of blue
  int y_black = 16;   // Y of black
  int y_range = 219;  // from black to white
  int uv_range = 224;
};

// Converts to the nearest unit. (GStreamer's own conversion of 8-bit pictures cuts off fractions
// and comes out 2 to 3 units too dark, which a network trained on exact colors sees.)
class YuvToRgb {
 public:
  // Y, U and V have so many bits behind the point: of an average they are known to more than whole
  // numbers.
  static constexpr int kFractionBits = 6;
  static constexpr int16_t kNoColor = 128 << kFractionBits;  // U and V of gray

  YuvToRgb() : YuvToRgb(YuvColors()) {}
  explicit YuvToRgb(const YuvColors& colors);

  // Writes 3 * pixels bytes, R first. Values are 0 to 255, times 2^kFractionBits.
  void convert(const int16_t* ys, const int16_t* us, const int16_t* vs, uint8_t* rgb,
               int pixels) const;

 private:
  // Red in the lowest byte of each.
  void convert_block(const int16_t* ys, const int16_t* us, const int16_t* vs, int32_t* block,
                     int pixels) const;

  int16_t black_;
  int16_t y_;  // this and the others in units of 2^-13
  int16_t red_v_;
  int16_t green_u_;
  int16_t green_v_;
  int16_t blue_u_;
};

}  // namespace jetsoncaption
