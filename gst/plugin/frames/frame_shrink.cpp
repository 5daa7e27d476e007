// SPDX-License-Identifier: LGPL-2.1-or-later
// Averages lines, then columns, then converts to RGB; all in integers.
//
// Lines come first: their sums run along memory, plane by plane, whatever the format, so that they
// become vector instructions.
#include "plugin/frames/frame_shrink.h"

#include <algorithm>

namespace jetsoncaption {

namespace {

// Enough for an average; more would only cost memory bandwidth.
constexpr int kLinesPerRow = 2;

constexpr int kWeightBits = 8;  // a weight times a byte fits 16 bits, and so does their sum
constexpr int kOne = 1 << kWeightBits;
constexpr int kHalf = kOne / 2;

// Bytes of a line that are averaged at a time; their sums stay in the first-level cache.
constexpr size_t kBlock = 2048;

// Columns are weighted so many values at a time: one vector instruction.
constexpr int kTapGroup = 8;

void add_line(const uint8_t* __restrict line, int weight, uint16_t* __restrict sums, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    sums[i] = static_cast<uint16_t>(sums[i] + weight * line[i]);
}

void divide(const uint16_t* __restrict sums, uint8_t* __restrict averages, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    averages[i] = static_cast<uint8_t>(sums[i] >> kWeightBits);
}

template <int pixel_stride>
void take_values(const uint8_t* __restrict line, int16_t* __restrict values, int count) {
  for (int i = 0; i < count; ++i)
    values[i] = line[i * pixel_stride];
}

void take_values(const uint8_t* line, size_t pixel_stride, int16_t* values, int count) {
  switch (pixel_stride) {
    case 1:
      return take_values<1>(line, values, count);
    case 2:
      return take_values<2>(line, values, count);
    case 3:
      return take_values<3>(line, values, count);
    default:
      return take_values<4>(line, values, count);
  }
}

int sum_of_products(const int16_t* __restrict weights, const int16_t* __restrict values, int taps) {
  int sum = 0;
  for (int k = 0; k < taps; k += kTapGroup) {
    for (int j = 0; j < kTapGroup; ++j)
      sum += weights[k + j] * values[k + j];
  }
  return sum;
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

FrameShrinker::FrameShrinker(const GstVideoInfo& info, int width, int height)
    : info_(info), width_(width), height_(height), to_rgb_(info) {
  const int line_step = std::max(1, GST_VIDEO_INFO_HEIGHT(&info) / (kLinesPerRow * height));
  const guint count = std::min<guint>(kMostComponents, GST_VIDEO_INFO_N_COMPONENTS(&info));
  planes_.resize(GST_VIDEO_INFO_N_PLANES(&info));
  for (guint i = 0; i < count; ++i) {
    Component component = make_component(info, i, width);
    Plane& plane = planes_[component.plane];
    plane.line_step = line_step;
    if (plane.line_bytes == 0) {
      const int lines = std::max(1, GST_VIDEO_INFO_COMP_HEIGHT(&info, i) / line_step);
      plane.filter = TriangleFilter(lines, height, kOne);
    }
    plane.line_bytes = std::max(
        plane.line_bytes,
        component.offset + static_cast<size_t>(component.count - 1) * component.pixel_stride + 1);
    const auto values = static_cast<size_t>(component.count + component.taps);
    values_.resize(std::max(values_.size(), values));
    components_.push_back(std::move(component));
  }
  for (Plane& plane : planes_)
    plane.lines.resize(plane.line_bytes * static_cast<size_t>(height));
  for (auto& values : row_)
    values.resize(static_cast<size_t>(width), YuvToRgb::kNoColor);
}

FrameShrinker::Component FrameShrinker::make_component(const GstVideoInfo& info, guint index,
                                                       int width) {
  Component component;
  component.plane = GST_VIDEO_INFO_COMP_PLANE(&info, index);
  component.offset = static_cast<size_t>(GST_VIDEO_INFO_COMP_POFFSET(&info, index));
  component.pixel_stride = static_cast<size_t>(GST_VIDEO_INFO_COMP_PSTRIDE(&info, index));
  component.count = GST_VIDEO_INFO_COMP_WIDTH(&info, index);

  const TriangleFilter filter(component.count, width, kOne);
  component.taps = (filter.most_taps() + kTapGroup - 1) / kTapGroup * kTapGroup;
  component.weights.resize(static_cast<size_t>(width) * static_cast<size_t>(component.taps));
  auto weights = component.weights.begin();
  for (int x = 0; x < width; ++x, weights += component.taps) {
    component.first.push_back(filter.first(x));
    std::copy_n(filter.weights(x), filter.count(x), weights);
  }
  return component;
}

bool FrameShrinker::read(const GstVideoFrame* frame) {
  if (GST_VIDEO_FRAME_FORMAT(frame) != GST_VIDEO_INFO_FORMAT(&info_) ||
      GST_VIDEO_FRAME_WIDTH(frame) != GST_VIDEO_INFO_WIDTH(&info_) ||
      GST_VIDEO_FRAME_HEIGHT(frame) != GST_VIDEO_INFO_HEIGHT(&info_))
    return false;
  uint16_t sums[kBlock];
  for (size_t p = 0; p < planes_.size(); ++p) {
    Plane& plane = planes_[p];
    const auto* data = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(frame, p));
    const ptrdiff_t stride = GST_VIDEO_FRAME_PLANE_STRIDE(frame, p);
    uint8_t* averages = plane.lines.data();
    for (int row = 0; row < height_; ++row, averages += plane.line_bytes) {
      for (size_t begin = 0; begin < plane.line_bytes; begin += kBlock) {
        const size_t bytes = std::min(kBlock, plane.line_bytes - begin);
        std::fill_n(sums, bytes, static_cast<uint16_t>(kHalf));
        for (int k = 0; k < plane.filter.count(row); ++k) {
          // Of each group of lines the middle one, so that colors stay where they belong.
          const ptrdiff_t line =
              (plane.filter.first(row) + k) * plane.line_step + (plane.line_step - 1) / 2;
          add_line(data + line * stride + begin, plane.filter.weights(row)[k], sums, bytes);
        }
        divide(sums, averages + begin, bytes);
      }
    }
  }
  return true;
}

void FrameShrinker::average_columns(const Component& component, int row, int16_t* results) {
  const Plane& plane = planes_[component.plane];
  const uint8_t* line = plane.lines.data() + static_cast<size_t>(row) * plane.line_bytes;
  take_values(line + component.offset, component.pixel_stride, values_.data(), component.count);
  const int16_t* weights = component.weights.data();
  for (int x = 0; x < width_; ++x, weights += component.taps) {
    // Values beyond the last one meet weights of zero.
    const int16_t* values = values_.data() + component.first[static_cast<size_t>(x)];
    const int sum = kHalf + sum_of_products(weights, values, component.taps);
    results[x] = static_cast<int16_t>(sum >> kWeightBits);
  }
}

void FrameShrinker::finish(uint8_t* rgb) {
  for (int row = 0; row < height_; ++row, rgb += static_cast<size_t>(width_) * 3) {
    for (size_t i = 0; i < components_.size(); ++i)
      average_columns(components_[i], row, row_[i].data());
    if (GST_VIDEO_INFO_IS_RGB(&info_))
      interleave(row_[0].data(), row_[1].data(), row_[2].data(), rgb, width_);
    else
      to_rgb_.convert(row_[0].data(), row_[1].data(), row_[2].data(), rgb, width_);
  }
}

}  // namespace jetsoncaption
