// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in system memory: the CPU reads them and draws on them.
#include "plugin/frames/system_frame_source.h"

#include "plugin/frames/mapped_video_frame.h"

namespace jetsoncaption {

namespace {

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
