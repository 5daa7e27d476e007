// SPDX-License-Identifier: LGPL-2.1-or-later
// Pixels that somebody else owns, and pixels that we own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace jetsoncaption {

// Of a picture, in pixels.
struct PictureSize {
  int width = 0;
  int height = 0;
};

// Borrowed RGB pixels, 8 bits a channel, R first, rows top to bottom. Never kept after the call.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  size_t stride = 0;  // bytes from one row to the next, at least 3 * width
};

// Owned RGB pixels without padding between the rows.
struct Image {
  std::vector<uint8_t> pixels;
  int width = 0;
  int height = 0;

  ImageView view() const { return {pixels.data(), width, height, static_cast<size_t>(width) * 3}; }
};

}  // namespace jetsoncaption
