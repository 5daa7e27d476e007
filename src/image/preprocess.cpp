// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings a picture to the size and the number range that the model expects.
#include "image/preprocess.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace jetsoncaption {

namespace {

// Weights are fractions of 2^22: 255 times their sum, rounding included, stays below 2^31.
// They are at most 16384 in number and each is off by at most one half, so that the sum is off by
// at most 8192: too little to change a constant colour of up to 255, or to pass 255.
constexpr int kWeightBits = 22;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

// Bytes of a row that are averaged at a time; their sums (4 KiB) stay in the first-level cache.
constexpr size_t kBlock = 1024;

int64_t floor_divide(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

bool is_side(int side) {
  return side >= 1 && side <= kMaxImageSide;
}

Result<void> check_sizes(const ImageView& source, int width, int height,
                         const uint8_t* destination) {
  if (!is_side(source.width) || !is_side(source.height)) {
    return Error{ErrorKind::InvalidArgument, "the image is " +
                                                 size_text(source.width, source.height) +
                                                 " pixels; use 1x1 to 16384x16384"};
  }
  if (!is_side(width) || !is_side(height)) {
    return Error{ErrorKind::InvalidArgument, "an image cannot be squashed to " +
                                                 size_text(width, height) +
                                                 " pixels; use 1x1 to 16384x16384"};
  }
  const size_t row_bytes = static_cast<size_t>(source.width) * 3;
  if (source.stride < row_bytes) {
    return Error{ErrorKind::InvalidArgument,
                 "the image has a stride of " + std::to_string(source.stride) + " bytes, but " +
                     std::to_string(source.width) + " RGB pixels need at least " +
                     std::to_string(row_bytes)};
  }
  if (source.pixels == nullptr || destination == nullptr) {
    return Error{ErrorKind::InvalidArgument,
                 "the image has no pixels; pass memory to read and write"};
  }
  return {};
}

}  // namespace

// The triangle filter around the centre of each result, in whole numbers: with all positions
// multiplied by 2 * to, source pixel x is centred at (2 x + 1) * to, result i at (2 i + 1) * from,
// and the filter falls to zero at a distance of 2 * max(from, to).
void Shrinker::Axis::prepare(int new_from, int new_to) {
  if (from == new_from && to == new_to)
    return;
  from = 0;  // until all weights are there: memory may run out on the way
  to = 0;
  taps.clear();
  weights.clear();
  const int64_t reach = 2 * static_cast<int64_t>(std::max(new_from, new_to));
  for (int64_t i = 0; i < new_to; ++i) {
    const int64_t centre = (2 * i + 1) * new_from;
    const int64_t first =
        std::max<int64_t>(0, floor_divide(centre - reach - new_to, 2 * new_to) + 1);
    const int64_t end =
        std::min<int64_t>(new_from, -floor_divide(-(centre + reach - new_to), 2 * new_to));
    const auto height = [&](int64_t x) { return reach - std::abs((2 * x + 1) * new_to - centre); };
    int64_t sum = 0;
    for (int64_t x = first; x < end; ++x)
      sum += height(x);
    taps.push_back({static_cast<int>(first), static_cast<int>(end - first), weights.size()});
    for (int64_t x = first; x < end; ++x) {
      const int64_t weight = ((height(x) << kWeightBits) + sum / 2) / sum;
      weights.push_back(static_cast<int32_t>(weight));
    }
  }
  from = new_from;
  to = new_to;
}

void Shrinker::average_rows(const ImageView& source, const Tap& tap) {
  const int32_t* weights = vertical_.weights.data() + tap.offset;
  const uint8_t* top = source.pixels + static_cast<size_t>(tap.first) * source.stride;
  const size_t row_bytes = row_.size();
  int32_t sums[kBlock];
  for (size_t begin = 0; begin < row_bytes; begin += kBlock) {
    const size_t count = std::min(kBlock, row_bytes - begin);
    std::fill_n(sums, count, kHalf);
    for (int k = 0; k < tap.count; ++k) {
      const uint8_t* from = top + static_cast<size_t>(k) * source.stride + begin;
      const int32_t weight = weights[k];
      for (size_t i = 0; i < count; ++i)
        sums[i] += weight * from[i];
    }
    uint8_t* into = row_.data() + begin;
    for (size_t i = 0; i < count; ++i)
      into[i] = static_cast<uint8_t>(sums[i] >> kWeightBits);
  }
}

void Shrinker::average_columns(uint8_t* destination) const {
  for (const Tap& tap : horizontal_.taps) {
    const int32_t* weights = horizontal_.weights.data() + tap.offset;
    const uint8_t* pixel = row_.data() + static_cast<size_t>(tap.first) * 3;
    int32_t red = kHalf;
    int32_t green = kHalf;
    int32_t blue = kHalf;
    for (int k = 0; k < tap.count; ++k, pixel += 3) {
      red += weights[k] * pixel[0];
      green += weights[k] * pixel[1];
      blue += weights[k] * pixel[2];
    }
    *destination++ = static_cast<uint8_t>(red >> kWeightBits);
    *destination++ = static_cast<uint8_t>(green >> kWeightBits);
    *destination++ = static_cast<uint8_t>(blue >> kWeightBits);
  }
}

Result<void> Shrinker::shrink_to(const ImageView& source, int width, int height,
                                 uint8_t* destination) {
  const Result<void> sizes = check_sizes(source, width, height, destination);
  if (!sizes.ok())
    return sizes.error();

  const size_t row_bytes = static_cast<size_t>(width) * 3;
  if (source.width == width && source.height == height) {
    for (int y = 0; y < height; ++y) {
      std::memcpy(destination + y * row_bytes, source.pixels + y * source.stride, row_bytes);
    }
    return {};
  }

  // Rows first: their sums run along memory, and one averaged row is all that has to be kept.
  horizontal_.prepare(source.width, width);
  vertical_.prepare(source.height, height);
  row_.resize(static_cast<size_t>(source.width) * 3);
  for (int y = 0; y < height; ++y) {
    average_rows(source, vertical_.taps[y]);
    average_columns(destination + y * row_bytes);
  }
  return {};
}

void normalize(const uint8_t* rgb, int pixels, const std::array<float, 3>& mean,
               const std::array<float, 3>& scale, float* chw) {
  for (int channel = 0; channel < 3; ++channel) {
    const float* const end = chw + pixels;
    const uint8_t* from = rgb + channel;
    for (; chw != end; ++chw, from += 3)
      *chw = (*from - mean[channel]) * scale[channel];
  }
}

}  // namespace jetsoncaption
