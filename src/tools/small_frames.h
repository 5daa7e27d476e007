// SPDX-License-Identifier: LGPL-2.1-or-later
// Shrinks the frames of a pipeline as the element does it, so that a file has the caption here that
// it has there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <gst/video/video.h>

#include "base/result.h"
#include "image/image_view.h"
#include "plugin/frames/frame_formats.h"
#include "plugin/frames/frame_shrink.h"

namespace jetsoncaption {

// What can be shrunk, for caps. A decoder's own format comes first in it: videoconvert passes it on
// as it is, and converts only what is not in the list.
#define JETSONCAPTION_SMALL_FRAMES_CAPS \
  "video/x-raw,format=(string)" JETSONCAPTION_SUPPORTED_FORMATS

// InvalidArgument when no shrinker takes so long a side.
Result<void> check_sides(const std::string& name, uint64_t width, uint64_t height);

class SmallFrames {
 public:
  // `name` is the file's, for messages.
  explicit SmallFrames(std::string name) : name_(std::move(name)) {}

  // Of a frame whose caps are as above, squashed to the size. InvalidArgument when it is too large.
  Result<Image> shrink(GstSample* sample, PictureSize size);

  // Whether nothing of a frame is to be seen, because it is transparent everywhere.
  Result<bool> is_transparent(GstSample* sample) const;

 private:
  const std::string name_;
  GstVideoInfo info_{};  // of the frames that the shrinker serves
  std::unique_ptr<FrameShrinker> shrinker_;
};

}  // namespace jetsoncaption
