// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in system memory: the CPU reads them and draws on them.
#pragma once

#include <memory>

#include "plugin/frames/frame_source.h"

namespace jetsoncaption {

class SystemFrameSource : public FrameSource {
 public:
  explicit SystemFrameSource(const GstVideoInfo& info) : info_(info) {}

  Result<std::shared_ptr<FrameShrinker>> read(GstBuffer* buffer, PictureSize size) override;
  Result<void> draw(GstBuffer* buffer, const DrawnCaption& caption) override;

 private:
  const GstVideoInfo info_;
  std::shared_ptr<FrameShrinker> shrinker_;
};

}  // namespace jetsoncaption
