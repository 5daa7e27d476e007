// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in system memory: the CPU reads them and draws on them.
#include "plugin/frames/system_frame_source.h"

namespace jetsoncaption {

namespace {

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

Error unreadable() {
  return {ErrorKind::Unsupported,
          "Their memory cannot be read as the format that the caps name. Put videoconvert before "
          "jetsoncaption."};
}

}  // namespace

Result<std::shared_ptr<FrameShrinker>> SystemFrameSource::read(GstBuffer* buffer,
                                                               PictureSize size) {
  if (!shrinker_ || !shrinker_->makes(size.width, size.height))
    shrinker_ = std::make_shared<FrameShrinker>(info_, size.width, size.height);
  MappedVideoFrame frame(buffer, info_, GST_MAP_READ);
  if (!frame || !shrinker_->read(frame.get()))
    return unreadable();
  return shrinker_;
}

Result<void> SystemFrameSource::draw(GstBuffer* buffer, const DrawnCaption& caption) {
  MappedVideoFrame frame(buffer, info_, GST_MAP_READWRITE);
  if (!frame)
    return unreadable();
  caption.blend(frame.get());
  return {};
}

}  // namespace jetsoncaption
