// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells the Shrinker how the frames of a GstVideoInfo lie in memory.
#include "plugin/frames/frame_shrink.h"

#include <algorithm>

namespace jetsoncaption {

namespace {

YuvColors colors_of(const GstVideoColorimetry& colorimetry) {
  YuvColors colors;  // BT.601, where the frame does not say; of no account for gray
  gst_video_color_matrix_get_Kr_Kb(colorimetry.matrix, &colors.kr, &colors.kb);
  gint offset[GST_VIDEO_MAX_COMPONENTS];
  gint scale[GST_VIDEO_MAX_COMPONENTS];
  gst_video_color_range_offsets(colorimetry.range, gst_video_format_get_info(GST_VIDEO_FORMAT_AYUV),
                                offset, scale);
  colors.y_black = offset[0];
  colors.y_range = scale[0];
  colors.uv_range = scale[1];
  return colors;
}

// Red, green and blue, or Y, U and V; gray frames have the first only. What is transparent counts
// as if it were opaque.
PixelLayout layout_of(const GstVideoInfo& info) {
  PixelLayout layout;
  layout.width = GST_VIDEO_INFO_WIDTH(&info);
  layout.height = GST_VIDEO_INFO_HEIGHT(&info);
  layout.is_rgb = GST_VIDEO_INFO_IS_RGB(&info);
  layout.colors = colors_of(info.colorimetry);
  const guint count = std::min<guint>(kMostComponents, GST_VIDEO_INFO_N_COMPONENTS(&info));
  for (guint i = 0; i < count; ++i) {
    SampleLayout samples;
    samples.plane = static_cast<int>(GST_VIDEO_INFO_COMP_PLANE(&info, i));
    samples.offset = static_cast<int>(GST_VIDEO_INFO_COMP_POFFSET(&info, i));
    samples.step = GST_VIDEO_INFO_COMP_PSTRIDE(&info, i);
    samples.shared_columns = 1 << GST_VIDEO_FORMAT_INFO_W_SUB(info.finfo, i);
    samples.shared_rows = 1 << GST_VIDEO_FORMAT_INFO_H_SUB(info.finfo, i);
    layout.components.push_back(samples);
  }
  return layout;
}

}  // namespace

FrameShrinker::FrameShrinker(const GstVideoInfo& info, int width, int height)
    : info_(info), width_(width), height_(height) {
  shrinker_.prepare(layout_of(info), width, height);
}

bool FrameShrinker::read(const GstVideoFrame* frame) {
  if (GST_VIDEO_FRAME_FORMAT(frame) != GST_VIDEO_INFO_FORMAT(&info_) ||
      GST_VIDEO_FRAME_WIDTH(frame) < GST_VIDEO_INFO_WIDTH(&info_) ||
      GST_VIDEO_FRAME_HEIGHT(frame) < GST_VIDEO_INFO_HEIGHT(&info_))
    return false;
  PlaneViews planes;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame); ++i)
    planes[i] = {static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(frame, i)),
                 GST_VIDEO_FRAME_PLANE_STRIDE(frame, i)};
  shrinker_.read(planes);
  return true;
}

}  // namespace jetsoncaption
