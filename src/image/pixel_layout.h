// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the samples of a picture lie in memory, and what colors they stand for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/yuv_to_rgb.h"

namespace jetsoncaption {

constexpr int kMostPlanes = 4;
constexpr int kMostComponents = 3;

// One component of a picture: bytes that follow each other at equal steps.
struct SampleLayout {
  int plane = 0;
  int offset = 0;          // of the first one in a line, bytes; below `step`
  int step = 1;            // from one to the next, bytes: 1 to 4
  int shared_columns = 1;  // pixels beside each other that have one sample: 1, 2 or 4
  int shared_rows = 1;     // and below each other; the same for all components of a plane
};

struct PixelLayout {
  int width = 0;
  int height = 0;
  std::vector<SampleLayout> components;  // R, G, B; or Y, U, V; or Y alone, of gray pictures
  bool is_rgb = true;
  YuvColors colors;  // where it is not RGB
};

// Borrowed lines of one plane. Never kept after the call.
struct PlaneView {
  const uint8_t* pixels = nullptr;
  ptrdiff_t stride = 0;  // bytes from one line to the next
};

using PlaneViews = std::array<PlaneView, kMostPlanes>;

}  // namespace jetsoncaption
