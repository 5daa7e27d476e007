// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps frames and hands them to the element's shrinker.
#include "tools/small_frames.h"

#include "plugin/frames/mapped_video_frame.h"

namespace jetsoncaption {

namespace {

Error unreadable(const std::string& name) {
  return {ErrorKind::Internal, name + " was decoded to pixels that cannot be read."};
}

}  // namespace

Result<void> check_sides(const std::string& name, uint64_t width, uint64_t height) {
  const uint64_t most{kMaxImageSide};
  if (width <= most && height <= most)
    return {};
  return Error{ErrorKind::InvalidArgument,
               name + " has " + std::to_string(width) + "x" + std::to_string(height) +
                   " pixels; a side may have at most " + std::to_string(kMaxImageSide) +
                   ". Make it smaller first."};
}

Result<Image> SmallFrames::shrink(GstSample* sample, PictureSize size) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)))
    return unreadable(name_);
  const auto checked = check_sides(name_, static_cast<uint64_t>(GST_VIDEO_INFO_WIDTH(&info)),
                                   static_cast<uint64_t>(GST_VIDEO_INFO_HEIGHT(&info)));
  if (!checked.ok())
    return checked.error();
  if (!shrinker_ || !shrinker_->makes(size.width, size.height) ||
      !gst_video_info_is_equal(&info_, &info)) {
    info_ = info;
    shrinker_ = std::make_unique<FrameShrinker>(info_, size.width, size.height);
  }
  MappedVideoFrame frame(gst_sample_get_buffer(sample), info_, GST_MAP_READ);
  if (!frame || !shrinker_->read(frame.get()))
    return unreadable(name_);
  Image image;
  image.width = size.width;
  image.height = size.height;
  image.pixels.resize(static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3);
  shrinker_->finish(image.pixels.data());
  return image;
}

Result<bool> SmallFrames::is_transparent(GstSample* sample) const {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)))
    return unreadable(name_);
  if (!GST_VIDEO_INFO_HAS_ALPHA(&info))
    return false;
  MappedVideoFrame frame(gst_sample_get_buffer(sample), info, GST_MAP_READ);
  if (!frame)
    return unreadable(name_);
  const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(frame.get(), GST_VIDEO_COMP_A);
  const auto stride = GST_VIDEO_FRAME_COMP_STRIDE(frame.get(), GST_VIDEO_COMP_A);
  const auto* row =
      static_cast<const uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(frame.get(), GST_VIDEO_COMP_A));
  for (int y = 0; y < GST_VIDEO_FRAME_HEIGHT(frame.get()); ++y, row += stride) {
    for (int x = 0; x < GST_VIDEO_FRAME_WIDTH(frame.get()); ++x) {
      if (row[x * step] != 0)
        return false;
    }
  }
  return true;
}

}  // namespace jetsoncaption
