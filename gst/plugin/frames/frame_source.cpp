// SPDX-License-Identifier: LGPL-2.1-or-later
// Chooses how the element reaches the pixels of frames.
#include "plugin/frames/frame_source.h"

#include "plugin/frames/frame_formats.h"
#include "plugin/frames/nvmm/nvmm_frame_source.h"
#include "plugin/frames/system_frame_source.h"

GST_DEBUG_CATEGORY_EXTERN(gst_jetson_caption_debug);
#define GST_CAT_DEFAULT gst_jetson_caption_debug

namespace jetsoncaption {

bool is_nvmm(const GstCaps* caps) {
  return gst_caps_features_contains(gst_caps_get_features(caps, 0), JETSONCAPTION_NVMM_FEATURE);
}

Result<std::unique_ptr<FrameSource>> make_frame_source(const GstVideoInfo& info, bool nvmm) {
  if (!nvmm)
    return std::unique_ptr<FrameSource>(std::make_unique<SystemFrameSource>(info));
  const auto library = open_nvmm_library();
  if (!library.ok())
    return library.error();
  GST_INFO("NVMM frames through %s", library.value()->name());
  return std::unique_ptr<FrameSource>(std::make_unique<NvmmFrameSource>(info, library.value()));
}

}  // namespace jetsoncaption
