// SPDX-License-Identifier: LGPL-2.1-or-later
// Video frames for tests: any format, rows padded as cameras and decoders pad them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gst/video/video.h>

#include "plugin/frames/frame_formats.h"

namespace jetsoncaption {

// A mapped frame whose rows may be padded, filled with one byte.
class TestFrame {
 public:
  TestFrame(GstVideoFormat format, int width, int height, int padding = 0, uint8_t fill = 0x80) {
    GstVideoInfo info;
    gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
    GstVideoAlignment alignment;
    gst_video_alignment_reset(&alignment);
    alignment.padding_right = static_cast<guint>(padding);
    alignment.padding_bottom = static_cast<guint>(padding);
    gst_video_info_align(&info, &alignment);
    buffer_ = gst_buffer_new_allocate(nullptr, info.size, nullptr);
    gst_buffer_memset(buffer_, 0, fill, info.size);
    // The padded layout reaches the mapping as applications deliver it: in a GstVideoMeta.
    gst_buffer_add_video_meta_full(buffer_, GST_VIDEO_FRAME_FLAG_NONE, format,
                                   static_cast<guint>(width), static_cast<guint>(height),
                                   GST_VIDEO_INFO_N_PLANES(&info), info.offset, info.stride);
    gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
    mapped_ = gst_video_frame_map(&frame_, &info, buffer_, GST_MAP_READWRITE);
  }
  ~TestFrame() {
    if (mapped_)
      gst_video_frame_unmap(&frame_);
    gst_buffer_unref(buffer_);
  }
  TestFrame(const TestFrame&) = delete;
  TestFrame& operator=(const TestFrame&) = delete;

  GstVideoFrame* get() { return &frame_; }
  bool mapped() const { return mapped_; }

  std::vector<uint8_t> bytes() const {
    const auto* map = &frame_.map[0];
    return {map->data, map->data + map->size};
  }

  // A sample of a component; components of subsampled formats share one between pixels.
  uint8_t* sample(guint component, int x, int y) {
    const GstVideoFormatInfo* format = frame_.info.finfo;
    const ptrdiff_t row = (y >> GST_VIDEO_FORMAT_INFO_H_SUB(format, component)) *
                          static_cast<ptrdiff_t>(GST_VIDEO_FRAME_COMP_STRIDE(&frame_, component));
    const ptrdiff_t column =
        (x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, component)) *
        static_cast<ptrdiff_t>(GST_VIDEO_FRAME_COMP_PSTRIDE(&frame_, component));
    return static_cast<uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame_, component)) + row + column;
  }

 private:
  GstBuffer* buffer_ = nullptr;
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

// The names in kSupportedFormats.
inline std::vector<std::string> supported_formats() {
  std::vector<std::string> names;
  std::string name;
  for (const char* at = kSupportedFormats; *at != '\0'; ++at) {
    if (g_ascii_isalnum(*at)) {
      name += *at;
    } else if (!name.empty()) {
      names.push_back(std::exchange(name, ""));
    }
  }
  return names;
}

}  // namespace jetsoncaption
