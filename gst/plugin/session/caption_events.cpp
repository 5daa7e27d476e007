// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element tells when its session has something to tell.
#include "plugin/session/caption_events.h"

#include <utility>

#include "plugin/messages.h"

GST_DEBUG_CATEGORY_EXTERN(gst_jetson_caption_debug);
#define GST_CAT_DEFAULT gst_jetson_caption_debug

namespace jetsoncaption {

CaptionEvents make_caption_events(GstElement* element,
                                  std::function<void(const FrameCaption&)> captioned) {
  CaptionEvents events;
  events.load_started = [element] { post_load_started(element); };
  events.load_finished = [element, first = true](const EngineInfo& info) mutable {
    GST_INFO_OBJECT(element, "loaded %s: %s on %s, %s, %s", info.model_name.c_str(),
                    info.precision.c_str(), info.device.c_str(), info.kernels.c_str(),
                    info.version.c_str());
    post_load_finished(element, info);
    if (std::exchange(first, false))
      post_self_test_failure(element, info);
  };
  events.load_failed = [element](const Error& error, bool first) {
    post_load_failed(element, error, first);
  };
  events.moved_to_cpu = [element](const EngineInfo& info) { post_moved_to_cpu(element, info); };
  events.captioned = [element, captioned = std::move(captioned)](const FrameCaption& caption) {
    GST_DEBUG_OBJECT(element, "frame %" G_GUINT64_FORMAT ": %s", caption.job.frame,
                     caption.caption.text.c_str());
    captioned(caption);
  };
  events.failed = [element](const CaptionFailure& failure) {
    post_caption_failure(element, failure);
  };
  return events;
}

}  // namespace jetsoncaption
