// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings a picture to the size that the model expects.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "image/image_view.h"
#include "image/triangle_filter.h"

namespace jetsoncaption {

constexpr int kMaxImageSide = 16384;

// Squashes pictures to a given size, whatever their shape, with a TriangleFilter for each axis. All
// arithmetic is on integers: the same picture gives the same bytes on every machine.
//
// Keeps its filter weights between calls: pictures of one size after another allocate nothing.
// One thread at a time.
class Shrinker {
 public:
  // Writes width * height RGB pixels without padding to `destination`, which must not overlap the
  // source. Every side is 1 to 16384, or InvalidArgument; a source of that size already is copied.
  Result<void> shrink_to(const ImageView& source, int width, int height, uint8_t* destination);

 private:
  void average_rows(const ImageView& source, int y);
  void average_columns(uint8_t* destination) const;

  TriangleFilter horizontal_;
  TriangleFilter vertical_;
  std::vector<uint8_t> row_;  // source.width pixels: some rows of the source averaged into one
};

}  // namespace jetsoncaption
