// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in NVMM memory: the hardware makes a small copy of what the CPU is to see.
#pragma once

#include <memory>
#include <optional>

#include "plugin/frames/frame_source.h"
#include "plugin/frames/nvmm/nvmm_library.h"
#include "plugin/frames/nvmm/nvmm_scratch.h"

namespace jetsoncaption {

// The picture for the model is scaled and converted into a small RGBA surface, of which the CPU
// reads 200 kB. Captions are drawn by the CPU on the frame itself where its rows lie one behind the
// other (pitch linear), and else on copies of bands of it, which are copied back: the CPU cannot
// write to tiled (block linear) surfaces.
class NvmmFrameSource : public FrameSource {
 public:
  // For frames like `info`, NV12 or RGBA.
  NvmmFrameSource(const GstVideoInfo& info, std::shared_ptr<NvmmLibrary> library);

  Result<std::shared_ptr<FrameShrinker>> read(GstBuffer* buffer, PictureSize size) override;

  // Where it failed, the next 1, 2, 4 ... 256 frames are left out, with the same error: what the
  // hardware refuses once it may well refuse for each frame, or only for this one.
  Result<void> draw(GstBuffer* buffer, const DrawnCaption& caption) override;

 private:
  Result<NvmmSurface> inspect(const void* data, size_t size) const;
  Result<void> prepare_reading(PictureSize size);
  Result<void> draw_once(GstBuffer* buffer, const DrawnCaption& caption);
  Result<void> prepare_band(const NvmmSurface& frame);
  Result<void> draw_mapped(const NvmmSurface& frame, const DrawnCaption& caption) const;
  Result<void> draw_in_bands(const NvmmSurface& frame, const DrawnCaption& caption);
  Result<void> draw_band(const NvmmSurface& frame, const DrawnCaption& caption,
                         const CaptionRect& band);

  const GstVideoInfo info_;
  const std::shared_ptr<NvmmLibrary> library_;
  std::unique_ptr<NvmmScratch> reduced_;     // what the hardware makes of a frame
  std::shared_ptr<FrameShrinker> shrinker_;  // from there to the picture
  std::unique_ptr<NvmmScratch> band_;        // of a block-linear frame, in its format
  std::optional<Error> drawing_error_;       // the last one
  unsigned pause_ = 0;                       // after the last one; 0: drawing works
  unsigned frames_left_out_ = 0;             // from now on
};

}  // namespace jetsoncaption
