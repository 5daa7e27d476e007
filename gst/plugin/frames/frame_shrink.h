// SPDX-License-Identifier: LGPL-2.1-or-later
// Squashes a video frame into the small RGB picture that the captioner looks at.
//
// In two steps, because the streaming thread must not be held up: read() averages lines of the
// frame, which is all that needs the frame, and finish() makes the picture of them on the thread
// that captions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <gst/video/video.h>

#include "image/triangle_filter.h"
#include "plugin/frames/yuv_to_rgb.h"

namespace jetsoncaption {

// Of the picture that the model reads, in pixels.
struct PictureSize {
  int width = 0;
  int height = 0;
};

// Serves frames of one GstVideoInfo, in a format of frame_formats.h; new caps need a new object.
// One thread at a time.
class FrameShrinker {
 public:
  // Allocates all that is needed for pictures of width x height, which takes milliseconds. Every
  // side is 1 to 16384.
  FrameShrinker(const GstVideoInfo& info, int width, int height);

  // Whether pictures have that size.
  bool makes(int width, int height) const { return width == width_ && height == height_; }
  PictureSize picture_size() const { return {width_, height_}; }

  // Reads the whole of `frame`, mapped for reading; of frames much higher than the picture only
  // every so many lines. False, and nothing read, if the frame does not have the format and size
  // of the info.
  bool read(const GstVideoFrame* frame);

  // Writes the picture of the frame that was read last: R, G, B of 8 bits, rows without padding,
  // 3 * width * height bytes, opaque, by the matrix and range of the frame's colorimetry.
  void finish(uint8_t* rgb);

 private:
  struct Plane {
    int line_step = 1;  // every so many lines are looked at
    TriangleFilter filter;
    size_t line_bytes = 0;
    std::vector<uint8_t> lines;  // averaged: one for each row of the picture
  };

  struct Component {
    size_t plane = 0;
    size_t offset = 0;        // of its first value in a line, bytes
    size_t pixel_stride = 1;  // from one value to the next, bytes
    int count = 0;            // values in a line
    std::vector<int> first;   // for each column of the picture the first value that counts
    std::vector<int16_t> weights;
    int taps = 0;  // weights of a column
  };

  // Red, green and blue, or Y, U and V; gray frames have the first only.
  static constexpr int kMostComponents = 3;

  static Component make_component(const GstVideoInfo& info, guint index, int width);
  void average_columns(const Component& component, int row, int16_t* results);

  const GstVideoInfo info_;
  const int width_;
  const int height_;
  const YuvToRgb to_rgb_;
  std::vector<Plane> planes_;
  std::vector<Component> components_;
  std::vector<int16_t> values_;                            // of one component in one line
  std::array<std::vector<int16_t>, kMostComponents> row_;  // of the picture
};

}  // namespace jetsoncaption
