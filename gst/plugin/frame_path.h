// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a frame on its way through the element, from start to stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "plugin/caption_session.h"
#include "plugin/frame_shrink.h"
#include "plugin/memory_watch.h"
#include "plugin/overlay.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Belongs to the streaming thread; made in start() and destroyed in stop(), when there is none.
class FramePath {
 public:
  // Borrows the element, which outlives it. Loads the fonts, so that the first caption need not.
  FramePath(GstBaseTransform* element, std::shared_ptr<CaptionSession> session,
            std::unique_ptr<MemoryWatch> memory_watch, Mode mode);

  void set_format(const GstVideoInfo& info);

  // Describes the frame when it is due, attaches the newest caption and draws it. Returns OK
  // whatever happens to the caption, or FLUSHING when a wait was interrupted. The buffer is
  // writable unless settings.enabled is false.
  GstFlowReturn process(GstBuffer* buffer, const Settings& settings);

 private:
  bool is_due(uint64_t frame, unsigned interval) const;
  bool describe(GstBuffer* buffer, uint64_t frame, const Settings& settings);
  bool read(GstBuffer* buffer);
  CaptionJob make_job(GstBuffer* buffer, uint64_t frame, const Settings& settings) const;
  void carry(GstBuffer* buffer, const Settings& settings);
  void draw(GstBuffer* buffer, const std::string& text, const OverlayStyle& style);
  void report_unreadable();

  GstBaseTransform* const element_;
  const std::shared_ptr<CaptionSession> session_;
  const std::unique_ptr<MemoryWatch> memory_watch_;
  Mode mode_;  // Auto until the first frame
  GstVideoInfo info_{};
  std::shared_ptr<FrameShrinker> shrinker_;  // for info_; shared with the session, which says when
  CaptionOverlay overlay_;
  bool unreadable_reported_ = false;  // since the caps changed
  uint64_t next_frame_ = 0;
  uint64_t epoch_ = 0;                           // the session's, at the frame before
  std::optional<uint64_t> last_described_;       // number of the frame; none since a flush
  std::shared_ptr<const FrameCaption> carried_;  // by the frame before
};

}  // namespace jetsoncaption
