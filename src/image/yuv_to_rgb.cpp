// SPDX-License-Identifier: LGPL-2.1-or-later
// Colors as R, G and B that were given as brightness and two differences.
#include "image/yuv_to_rgb.h"

#include <algorithm>
#include <cmath>

namespace jetsoncaption {

namespace {

// The largest coefficient is 2.2; so each of them fits 16 bits, and a sum of three products 32.
constexpr int kCoefficientBits = 13;
constexpr int kShift = kCoefficientBits + YuvToRgb::kFractionBits;
constexpr int kHalf = 1 << (kShift - 1);

int16_t fixed(double value) {
  return static_cast<int16_t>(std::lround(value * (1 << kCoefficientBits)));
}

// Pixels that are converted at a time.
constexpr int kBlock = 64;

int32_t to_byte(int32_t value) {
  return std::max(0, std::min(255, value >> kShift));
}

}  // namespace

YuvToRgb::YuvToRgb(const YuvColors& colors)
    : black_(static_cast<int16_t>(colors.y_black << kFractionBits)),
      y_(fixed(255.0 / colors.y_range)) {
  const double kg = 1 - colors.kr - colors.kb;
  const double uv = 255.0 / colors.uv_range;
  red_v_ = fixed(uv * 2 * (1 - colors.kr));
  green_u_ = fixed(-uv * 2 * (1 - colors.kb) * colors.kb / kg);
  green_v_ = fixed(-uv * 2 * (1 - colors.kr) * colors.kr / kg);
  blue_u_ = fixed(uv * 2 * (1 - colors.kb));
}

// Blocks of whole words first: compilers make vector instructions of that, not of bytes in threes.
void YuvToRgb::convert(const int16_t* ys, const int16_t* us, const int16_t* vs, uint8_t* rgb,
                       int pixels) const {
  int32_t block[kBlock];
  for (int begin = 0; begin < pixels; begin += kBlock) {
    const int count = std::min(kBlock, pixels - begin);
    convert_block(ys + begin, us + begin, vs + begin, block, count);
    for (int i = 0; i < count; ++i, rgb += 3) {
      rgb[0] = static_cast<uint8_t>(block[i]);
      rgb[1] = static_cast<uint8_t>(block[i] >> 8);
      rgb[2] = static_cast<uint8_t>(block[i] >> 16);
    }
  }
}

void YuvToRgb::convert_block(const int16_t* __restrict ys, const int16_t* __restrict us,
                             const int16_t* __restrict vs, int32_t* __restrict block,
                             int pixels) const {
  const YuvToRgb to = *this;  // nothing of it can change meanwhile
  for (int i = 0; i < pixels; ++i) {
    const int32_t y = static_cast<int16_t>(ys[i] - to.black_) * to.y_ + kHalf;
    const int16_t u = static_cast<int16_t>(us[i] - kNoColor);
    const int16_t v = static_cast<int16_t>(vs[i] - kNoColor);
    const int32_t red = to_byte(y + to.red_v_ * v);
    const int32_t green = to_byte(y + to.green_u_ * u + to.green_v_ * v);
    const int32_t blue = to_byte(y + to.blue_u_ * u);
    block[i] = red | green << 8 | blue << 16;
  }
}

}  // namespace jetsoncaption
