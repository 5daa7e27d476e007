// SPDX-License-Identifier: LGPL-2.1-or-later
// An owner for GstVideoConverter, and frames over memory that is not in a buffer.
#pragma once

#include <cstdint>
#include <memory>

#include <gst/video/video.h>

namespace jetsoncaption {

struct VideoConverterFree {
  void operator()(GstVideoConverter* converter) const { gst_video_converter_free(converter); }
};
using VideoConverter = std::unique_ptr<GstVideoConverter, VideoConverterFree>;

// A frame that is laid out as `info` says and borrows `pixels`, GST_VIDEO_INFO_SIZE bytes.
inline GstVideoFrame wrap_pixels(const GstVideoInfo& info, uint8_t* pixels) {
  GstVideoFrame frame{};
  frame.info = info;
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&info); ++plane)
    frame.data[plane] = pixels + GST_VIDEO_INFO_PLANE_OFFSET(&info, plane);
  return frame;
}

}  // namespace jetsoncaption
