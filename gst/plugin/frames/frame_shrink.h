// SPDX-License-Identifier: LGPL-2.1-or-later
// Squashes a video frame into the small RGB picture that the captioner looks at.
//
// In two steps, because the streaming thread must not be held up: read() averages lines of the
// frame, which is all that needs the frame, and finish() makes the picture of them on the thread
// that captions. The tools shrink what they decode with it too.
#pragma once

#include <cstdint>

#include <gst/video/video.h>

#include "image/image_view.h"
#include "image/shrinker.h"

namespace jetsoncaption {

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

  // Reads of `frame`, mapped for reading, what the info names: a GstVideoMeta may tell of more on
  // the right and below. False, and nothing read, if it is smaller or has another format.
  bool read(const GstVideoFrame* frame);

  // Writes the picture of the frame that was read last: R, G, B of 8 bits, rows without padding,
  // 3 * width * height bytes, opaque, by the matrix and range of the frame's colorimetry.
  void finish(uint8_t* rgb) { shrinker_.finish(rgb); }

 private:
  const GstVideoInfo info_;
  const int width_;
  const int height_;
  Shrinker shrinker_;
};

}  // namespace jetsoncaption
