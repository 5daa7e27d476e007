// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a frame on its way through the element, from start to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "plugin/frames/frame_shrink.h"
#include "plugin/frames/frame_source.h"
#include "plugin/live_values.h"
#include "plugin/overlay/overlay.h"
#include "plugin/session/caption_session.h"
#include "plugin/session/memory_watch.h"
#include "plugin/session/wait_latency.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Belongs to the streaming thread; made in start() and destroyed in stop(), when there is none.
class FramePath {
 public:
  // Borrows the element and the values, which outlive it.
  FramePath(GstBaseTransform* element, std::shared_ptr<CaptionSession> session,
            std::unique_ptr<MemoryWatch> memory_watch, LiveValues& values, Mode mode);

  // Frames will be like `info`, and their pixels are reached through `source`. `attach_overlay`:
  // captions are not drawn on the pixels, but attached for downstream to draw.
  void set_format(const GstVideoInfo& info, std::unique_ptr<FrameSource> source,
                  bool attach_overlay);

  // Before the base class gets the event. A new stream, or a segment that does not go on where the
  // one before is, is described anew, as after a flush.
  void watch(GstEvent* event);

  // Describes the frame when it is due, attaches the newest caption and draws it. Returns OK
  // whatever happens to the caption, FLUSHING when a wait was interrupted, or ERROR when the model
  // could not be loaded at the start. The buffer is writable unless settings.enabled is false;
  // `is_shared`: its pixels are not, and are not drawn on.
  GstFlowReturn process(GstBuffer* buffer, bool is_shared, const Settings& settings);

 private:
  bool is_due(uint64_t frame, GstClockTime timestamp, const Settings& settings) const;
  bool is_slowed_down() const;
  bool is_late(GstBuffer* buffer) const;
  bool is_left_out_because_late(GstBuffer* buffer);
  GstFlowReturn describe(GstBuffer* buffer, uint64_t frame, const Settings& settings);
  GstFlowReturn describe_and_wait(const CaptionJob& job);
  bool read(GstBuffer* buffer);
  CaptionJob make_job(GstBuffer* buffer, uint64_t frame, const Settings& settings) const;
  GstClockTime running_time(GstBuffer* buffer) const;
  void carry(GstBuffer* buffer, bool is_shared, const Settings& settings);
  void show(GstBuffer* buffer, const FrameCaption& caption, const OverlayStyle& style,
            double opacity);
  void report_unreadable(const Error& error);
  void report_undrawable(const Error& error);

  GstBaseTransform* const element_;
  const std::shared_ptr<CaptionSession> session_;
  const std::unique_ptr<MemoryWatch> memory_watch_;
  LiveValues& values_;
  Mode mode_;  // Auto until the first frame
  GstVideoInfo info_{};
  bool attach_overlay_ = false;
  std::unique_ptr<FrameSource> source_;      // of frames like info_
  std::shared_ptr<FrameShrinker> shrinker_;  // of source_; shared with the session, at its turn
  CaptionOverlay overlay_;
  bool unreadable_reported_ = false;  // since the caps changed
  bool undrawable_reported_ = false;  // since the caps changed
  WaitLatency latency_;               // in every-frame mode
  std::string stream_id_;
  uint64_t next_frame_ = 0;
  MemoryStep memory_step_ = MemoryStep::None;
  std::optional<std::chrono::steady_clock::time_point> last_described_at_;
  uint64_t epoch_ = 0;  // the session's, at the frame before
  std::optional<uint64_t>
      last_described_;  // number of the frame; none since a flush or a new stream
  GstClockTime last_described_timestamp_ = GST_CLOCK_TIME_NONE;
  // Running time from which on each due frame was late and none was described.
  GstClockTime late_since_ = GST_CLOCK_TIME_NONE;
  bool late_frames_reported_ = false;            // since the start
  std::shared_ptr<const FrameCaption> carried_;  // by the frame before
};

}  // namespace jetsoncaption
