// SPDX-License-Identifier: LGPL-2.1-or-later
// Squashes pictures and video frames into the small RGB picture that the model looks at.
//
// Lines come first: their sums run along memory, plane by plane, whatever the format, so that they
// become vector instructions.
#include "image/shrinker.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace jetsoncaption {

namespace {

// average_columns() reads so many bytes at a time.
constexpr size_t kReadAhead = 16;

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

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

PixelLayout layout_of(const ImageView& image) {
  PixelLayout layout;
  layout.width = image.width;
  layout.height = image.height;
  layout.components = {{0, 0, 3}, {0, 1, 3}, {0, 2, 3}};
  return layout;
}

void interleave(const int16_t* __restrict reds, const int16_t* __restrict greens,
                const int16_t* __restrict blues, uint8_t* __restrict rgb, int pixels) {
  for (int i = 0; i < pixels; ++i) {
    rgb[3 * i] = static_cast<uint8_t>(reds[i]);
    rgb[3 * i + 1] = static_cast<uint8_t>(greens[i]);
    rgb[3 * i + 2] = static_cast<uint8_t>(blues[i]);
  }
}

}  // namespace

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

  if (!serves_images_ || layout_.width != source.width || layout_.height != source.height ||
      width_ != width || height_ != height) {
    lay_out(layout_of(source), width, height);
    serves_images_ = true;
  }
  keep_lines(1);
  const PlaneViews planes = {PlaneView{source.pixels, static_cast<ptrdiff_t>(source.stride)}};
  for (int y = 0; y < height; ++y) {
    average_lines(planes, y, 0);
    write_row(0, destination + y * row_bytes);
  }
  return {};
}

void Shrinker::prepare(const PixelLayout& layout, int width, int height) {
  lay_out(layout, width, height);
  keep_lines(height);
}

void Shrinker::read(const PlaneViews& planes) {
  keep_lines(height_);
  for (int y = 0; y < height_; ++y)
    average_lines(planes, y, y);
}

void Shrinker::finish(uint8_t* destination) {
  for (int y = 0; y < height_; ++y, destination += static_cast<size_t>(width_) * 3)
    write_row(y, destination);
}

void Shrinker::lay_out(const PixelLayout& layout, int width, int height) {
  serves_images_ = false;  // nor anything else, if memory runs out on the way
  layout_ = layout;
  width_ = width;
  height_ = height;
  to_rgb_ = YuvToRgb(layout.colors);
  planes_.clear();
  columns_.clear();
  scratch_.clear();
  planes_.resize(kMostPlanes);
  for (size_t i = 0; i < layout.components.size(); ++i)
    lay_out_columns(i);
  for (auto& values : row_)
    values.assign(static_cast<size_t>(round_up(width, kResultGroup)), YuvToRgb::kNoColor);
}

// Components that have the same columns share the filter, and are averaged together.
void Shrinker::lay_out_columns(size_t component) {
  const SampleLayout& samples = layout_.components[component];
  for (Columns& columns : columns_) {
    if (columns.plane == static_cast<size_t>(samples.plane) && columns.step == samples.step &&
        columns.shared == samples.shared_columns) {
      columns.offsets[columns.order.size()] = samples.offset;
      columns.order.push_back(component);
      lay_out_plane(columns, samples);
      return;
    }
  }
  Columns columns;
  columns.plane = static_cast<size_t>(samples.plane);
  columns.step = samples.step;
  columns.shared = samples.shared_columns;
  columns.offsets[0] = samples.offset;
  columns.order.push_back(component);
  columns.samples = (layout_.width + columns.shared - 1) / columns.shared;

  const TriangleFilter filter(layout_.width, width_, kWeightOne, columns.shared);
  columns.taps = filter.most_taps();
  columns.weight_stride = round_up(columns.taps, kTapGroup);
  const auto results = static_cast<size_t>(round_up(width_, kResultGroup));
  columns.weights.resize(results * static_cast<size_t>(columns.weight_stride));
  auto weights = columns.weights.begin();
  for (int x = 0; x < width_; ++x, weights += columns.weight_stride) {
    columns.first.push_back(filter.first(x));
    std::copy_n(filter.weights(x), filter.count(x), weights);
  }
  columns.first.resize(results);
  scratch_.resize(
      std::max(scratch_.size(), static_cast<size_t>(columns.samples + columns.weight_stride)));
  lay_out_plane(columns, samples);
  columns_.push_back(std::move(columns));
}

void Shrinker::lay_out_plane(const Columns& columns, const SampleLayout& samples) {
  Plane& plane = planes_[columns.plane];
  if (plane.line_bytes == 0)
    plane.filter = TriangleFilter(layout_.height, height_, kWeightOne, samples.shared_rows);
  const auto last = static_cast<size_t>(samples.offset + (columns.samples - 1) * columns.step);
  plane.line_bytes = std::max(plane.line_bytes, last + 1);
  plane.padding = std::max(plane.padding,
                           static_cast<size_t>(columns.weight_stride * columns.step) + kReadAhead);
}

void Shrinker::keep_lines(int count) {
  for (Plane& plane : planes_) {
    if (plane.line_bytes > 0)
      plane.lines.resize(static_cast<size_t>(count) * plane.line_bytes + plane.padding);
  }
}

void Shrinker::average_lines(const PlaneViews& planes, int row, int kept_row) {
  for (size_t i = 0; i < planes_.size(); ++i) {
    Plane& plane = planes_[i];
    if (plane.line_bytes == 0)
      continue;
    const ptrdiff_t stride = planes[i].stride;
    kernels_->average_lines(
        {planes[i].pixels + plane.filter.first(row) * stride, stride, plane.filter.weights(row),
         plane.filter.count(row), plane.line_bytes,
         plane.lines.data() + static_cast<size_t>(kept_row) * plane.line_bytes});
  }
}

void Shrinker::write_row(int kept_row, uint8_t* destination) {
  for (const Columns& columns : columns_) {
    const Plane& plane = planes_[columns.plane];
    ColumnsArguments arguments{};
    arguments.line = plane.lines.data() + static_cast<size_t>(kept_row) * plane.line_bytes;
    arguments.samples = columns.samples;
    arguments.step = columns.step;
    arguments.components = static_cast<int>(columns.order.size());
    arguments.results = round_up(width_, kResultGroup);
    arguments.first = columns.first.data();
    arguments.weights = columns.weights.data();
    arguments.taps = columns.taps;
    arguments.weight_stride = columns.weight_stride;
    arguments.shift = layout_.is_rgb ? kWeightBits : kWeightBits - YuvToRgb::kFractionBits;
    arguments.scratch = scratch_.data();
    for (size_t i = 0; i < columns.order.size(); ++i) {
      arguments.offsets[i] = columns.offsets[i];
      arguments.averages[i] = row_[columns.order[i]].data();
    }
    kernels_->average_columns(arguments);
  }
  if (layout_.is_rgb)
    interleave(row_[0].data(), row_[1].data(), row_[2].data(), destination, width_);
  else
    to_rgb_.convert(row_[0].data(), row_[1].data(), row_[2].data(), destination, width_);
}

}  // namespace jetsoncaption
