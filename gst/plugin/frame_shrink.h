// SPDX-License-Identifier: LGPL-2.1-or-later
// Squashes a video frame into the small RGB picture that the captioner looks at.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <gst/video/video.h>

namespace jetsoncaption {

// Serves frames of one GstVideoInfo; new caps need a new object. Runs on the streaming thread and
// uses no other. Not thread-safe.
class FrameShrinker {
 public:
  explicit FrameShrinker(const GstVideoInfo& info);
  ~FrameShrinker();
  FrameShrinker(const FrameShrinker&) = delete;
  FrameShrinker& operator=(const FrameShrinker&) = delete;

  // Makes everything for results of width x height, which takes milliseconds, so that the first
  // shrink() need not. False if that cannot be done.
  bool prepare(int width, int height);

  // Squashes the whole of `frame`, mapped for reading, into width x height pixels of `rgb`: R, G, B
  // of 8 bits, rows without padding, 3 * width * height bytes, opaque, by the matrix and range of
  // the frame's colorimetry. Of frames much higher than the result only every so many lines are
  // read. What prepare() did not make is made here. False, and nothing
  // written, if width or height is below 1, the frame does not have the format and size of the
  // info, or GStreamer cannot convert it.
  bool shrink(const GstVideoFrame* frame, uint8_t* rgb, int width, int height);

 private:
  struct Plan;

  const GstVideoInfo info_;
  std::unique_ptr<Plan> plan_;  // for the size prepared last
};

}  // namespace jetsoncaption
