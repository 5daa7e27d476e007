// SPDX-License-Identifier: LGPL-2.1-or-later
// A frame in system memory, mapped as long as the object lives.
#pragma once

#include <gst/video/video.h>

namespace jetsoncaption {

// Borrows the buffer: another reference would make it unwritable.
class MappedVideoFrame {
 public:
  MappedVideoFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags access)
      : mapped_(gst_video_frame_map(
            &frame_, const_cast<GstVideoInfo*>(&info), buffer,
            static_cast<GstMapFlags>(access | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))) {}
  ~MappedVideoFrame() {
    if (mapped_)
      gst_video_frame_unmap(&frame_);
  }
  MappedVideoFrame(const MappedVideoFrame&) = delete;
  MappedVideoFrame& operator=(const MappedVideoFrame&) = delete;

  explicit operator bool() const { return mapped_; }
  GstVideoFrame* get() { return &frame_; }

 private:
  GstVideoFrame frame_{};
  const bool mapped_;
};

}  // namespace jetsoncaption
