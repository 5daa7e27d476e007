// SPDX-License-Identifier: LGPL-2.1-or-later
// Squashes pictures and video frames into the small RGB picture that the model looks at.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/page_vector.h"
#include "base/result.h"
#include "image/image_view.h"
#include "image/pixel_layout.h"
#include "image/shrink_kernels.h"
#include "image/triangle_filter.h"

namespace jetsoncaption {

constexpr int kMaxImageSide = 16384;

// Squashes pictures to a given size, whatever their shape, with a TriangleFilter for each axis.
// Lines are averaged first, then columns, each to the nearest value; Y, U and V are averaged apart
// and then become R, G and B. All arithmetic is on integers: the same picture gives the same bytes
// on every machine, and a picture of the right size comes out as it is.
//
// Keeps its filter weights between calls: pictures of one size after another allocate nothing.
// One thread at a time. What allocates may throw std::bad_alloc.
class Shrinker {
 public:
  // `kernels` are for tests: all give the same bytes.
  explicit Shrinker(const ShrinkKernels& kernels = chosen_shrink_kernels()) : kernels_(&kernels) {}

  // At once, needing memory for a line only. Writes width * height RGB pixels without padding to
  // `destination`, which must not overlap the source. Every side is 1 to 16384, or InvalidArgument.
  Result<void> shrink_to(const ImageView& source, int width, int height, uint8_t* destination);

  // In two steps, for frames that must not be kept. First allocates all that is needed for pictures
  // of that layout and results of width x height, which takes milliseconds; every side is 1 to
  // 16384. Needed again after shrink_to().
  void prepare(const PixelLayout& layout, int width, int height);

  // Averages the lines, which is all that needs the frame. Every plane of the layout is there.
  void read(const PlaneViews& planes);

  // Writes 3 * width * height bytes of what was read last.
  void finish(uint8_t* destination);

 private:
  struct Plane {
    TriangleFilter filter;
    size_t line_bytes = 0;
    size_t padding = 0;         // bytes behind a line that average_columns() may read
    PageVector<uint8_t> lines;  // averaged, one behind the other
  };

  // Components that lie beside each other in a plane, and the filter of their columns.
  struct Columns {
    size_t plane = 0;
    int step = 1;
    int shared = 1;             // pixels that have one sample
    std::vector<size_t> order;  // which components: 0 is R or Y
    std::array<int, kMostComponents> offsets{};
    int samples = 0;
    std::vector<int> first;
    std::vector<int16_t> weights;
    int taps = 0;
    int weight_stride = 0;
  };

  void lay_out(const PixelLayout& layout, int width, int height);
  void lay_out_columns(size_t component);
  void lay_out_plane(const Columns& columns, const SampleLayout& samples);
  void keep_lines(int count);
  void average_lines(const PlaneViews& planes, int row, int kept_row);
  void write_row(int kept_row, uint8_t* destination);

  const ShrinkKernels* kernels_;
  PixelLayout layout_;
  bool serves_images_ = false;  // laid out for shrink_to()
  int width_ = 0;               // of the small picture
  int height_ = 0;
  YuvToRgb to_rgb_;
  std::vector<Plane> planes_;
  std::vector<Columns> columns_;
  std::vector<int16_t> scratch_;
  std::array<std::vector<int16_t>, kMostComponents> row_;  // of the small picture
};

}  // namespace jetsoncaption
