// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps frames and hands them to the element's shrinker.
#include "tools/small_frames.h"

#include <cstdint>

namespace jetsoncaption {

namespace {

class MappedSample {
 public:
  explicit MappedSample(GstSample* sample) {
    mapped_ = gst_video_info_from_caps(&info_, gst_sample_get_caps(sample)) &&
              gst_video_frame_map(&frame_, &info_, gst_sample_get_buffer(sample), GST_MAP_READ);
  }
  ~MappedSample() {
    if (mapped_)
      gst_video_frame_unmap(&frame_);
  }
  MappedSample(const MappedSample&) = delete;
  MappedSample& operator=(const MappedSample&) = delete;

  explicit operator bool() const { return mapped_; }
  const GstVideoFrame* get() const { return &frame_; }
  const GstVideoInfo& info() const { return info_; }

 private:
  GstVideoInfo info_{};
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

Error unreadable(const std::string& name) {
  return {ErrorKind::Internal, name + " was decoded to pixels that cannot be read."};
}

}  // namespace

Result<Image> SmallFrames::shrink(GstSample* sample, PictureSize size) {
  const MappedSample frame(sample);
  if (!frame)
    return unreadable(name_);
  const int width = GST_VIDEO_INFO_WIDTH(&frame.info());
  const int height = GST_VIDEO_INFO_HEIGHT(&frame.info());
  if (width > kMaxImageSide || height > kMaxImageSide) {
    return Error{ErrorKind::InvalidArgument,
                 name_ + " has " + std::to_string(width) + "x" + std::to_string(height) +
                     " pixels; a side may have at most " + std::to_string(kMaxImageSide) +
                     ". Make it smaller first."};
  }
  if (!shrinker_ || !shrinker_->makes(size.width, size.height) ||
      !gst_video_info_is_equal(&info_, &frame.info())) {
    info_ = frame.info();
    shrinker_ = std::make_unique<FrameShrinker>(info_, size.width, size.height);
  }
  if (!shrinker_->read(frame.get()))
    return unreadable(name_);
  Image image;
  image.width = size.width;
  image.height = size.height;
  image.pixels.resize(static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3);
  shrinker_->finish(image.pixels.data());
  return image;
}

Result<bool> SmallFrames::is_transparent(GstSample* sample) const {
  const MappedSample frame(sample);
  if (!frame)
    return unreadable(name_);
  if (!GST_VIDEO_INFO_HAS_ALPHA(&frame.info()))
    return false;
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
