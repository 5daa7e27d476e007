// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings a picture to the size that the model expects.
#include "image/shrinker.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace jetsoncaption {

namespace {

// Weights are fractions of 2^22: 255 times their sum, and one half, stays below 2^31.
constexpr int kWeightBits = 22;
constexpr int32_t kOne = 1 << kWeightBits;
constexpr int32_t kHalf = kOne / 2;

// Bytes of a row that are averaged at a time; their sums (4 KiB) stay in the first-level cache.
constexpr size_t kBlock = 1024;

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

void prepare(TriangleFilter& filter, int from, int to) {
  if (filter.from() != from || filter.to() != to)
    filter = TriangleFilter(from, to, kOne);
}

}  // namespace

void Shrinker::average_rows(const ImageView& source, int y) {
  const int32_t* weights = vertical_.weights(y);
  const uint8_t* top = source.pixels + static_cast<size_t>(vertical_.first(y)) * source.stride;
  const size_t row_bytes = row_.size();
  int32_t sums[kBlock];
  for (size_t begin = 0; begin < row_bytes; begin += kBlock) {
    const size_t count = std::min(kBlock, row_bytes - begin);
    std::fill_n(sums, count, kHalf);
    for (int k = 0; k < vertical_.count(y); ++k) {
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
  for (int x = 0; x < horizontal_.to(); ++x) {
    const int32_t* weights = horizontal_.weights(x);
    const uint8_t* pixel = row_.data() + static_cast<size_t>(horizontal_.first(x)) * 3;
    int32_t red = kHalf;
    int32_t green = kHalf;
    int32_t blue = kHalf;
    for (int k = 0; k < horizontal_.count(x); ++k, pixel += 3) {
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
  prepare(horizontal_, source.width, width);
  prepare(vertical_, source.height, height);
  row_.resize(static_cast<size_t>(source.width) * 3);
  for (int y = 0; y < height; ++y) {
    average_rows(source, y);
    average_columns(destination + y * row_bytes);
  }
  return {};
}

}  // namespace jetsoncaption
