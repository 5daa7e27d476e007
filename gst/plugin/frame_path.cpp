// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a frame on its way through the element, from start to stop.
#include "plugin/frame_path.h"

#include <utility>

#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

#include "plugin/messages.h"

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

// No answer counts as not live: then no frame is lost by waiting.
bool is_upstream_live(GstBaseTransform* element) {
  GstQuery* query = gst_query_new_latency();
  gboolean live = FALSE;
  if (gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(element), query))
    gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  return live;
}

bool has_picture(GstBuffer* buffer) {
  return !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP);
}

// Reading the system's fonts takes long, and is done once in a process.
void load_fonts() {
  CaptionRenderer().render("a", {320, 240}, OverlayStyle());
}

}  // namespace

FramePath::FramePath(GstBaseTransform* element, std::shared_ptr<CaptionSession> session,
                     std::unique_ptr<MemoryWatch> memory_watch, Mode mode)
    : element_(element),
      session_(std::move(session)),
      memory_watch_(std::move(memory_watch)),
      mode_(mode) {
  gst_video_info_init(&info_);
  load_fonts();
}

void FramePath::set_format(const GstVideoInfo& info) {
  info_ = info;
  shrinker_ =
      std::make_shared<FrameShrinker>(info, session_->input_width(), session_->input_height());
  unreadable_reported_ = false;
}

GstFlowReturn FramePath::process(GstBuffer* buffer, const Settings& settings) {
  const uint64_t frame = next_frame_++;
  memory_watch_->check(frame, settings);
  if (!settings.enabled)
    return GST_FLOW_OK;
  if (epoch_ != session_->epoch()) {
    epoch_ = session_->epoch();
    last_described_.reset();
  }
  if (mode_ == Mode::Auto)
    mode_ = is_upstream_live(element_) ? Mode::Live : Mode::EveryFrame;

  if (has_picture(buffer) && is_due(frame, settings.interval) && !describe(buffer, frame, settings))
    return GST_FLOW_FLUSHING;
  carry(buffer, settings);
  return GST_FLOW_OK;
}

bool FramePath::is_due(uint64_t frame, unsigned interval) const {
  return !last_described_ || frame - *last_described_ >= interval;
}

// Comes before draw(): the model is not to read its own captions. False when flushing.
bool FramePath::describe(GstBuffer* buffer, uint64_t frame, const Settings& settings) {
  const bool wait = mode_ == Mode::EveryFrame;
  const bool idle = wait ? session_->wait_until_idle() : session_->is_idle();
  if (!idle)
    return !wait;
  if (!read(buffer)) {
    report_unreadable();
    return true;
  }

  last_described_ = frame;
  const CaptionJob job = make_job(buffer, frame, settings);
  if (wait)
    return session_->submit_and_wait(job, shrinker_);
  session_->submit(job, shrinker_);
  return true;
}

bool FramePath::read(GstBuffer* buffer) {
  MappedVideoFrame frame(buffer, info_, GST_MAP_READ);
  return frame && shrinker_ && shrinker_->read(frame.get());
}

CaptionJob FramePath::make_job(GstBuffer* buffer, uint64_t frame, const Settings& settings) const {
  const GstSegment& segment = element_->segment;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  CaptionJob job;
  job.frame = frame;
  job.timestamp = pts;
  job.stream_time = GST_CLOCK_TIME_NONE;
  job.running_time = GST_CLOCK_TIME_NONE;
  if (segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(pts)) {
    job.stream_time = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, pts);
    job.running_time = gst_segment_to_running_time(&segment, GST_FORMAT_TIME, pts);
  }
  job.request = {settings.beam_size, settings.max_words};
  return job;
}

void FramePath::carry(GstBuffer* buffer, const Settings& settings) {
  const std::shared_ptr<const FrameCaption> newest = session_->newest();
  const bool is_new = newest != carried_;
  carried_ = newest;
  if (newest == nullptr)
    return;

  const EngineCaption& caption = newest->caption;
  const int flags = (is_new ? GST_JETSON_CAPTION_FLAG_NEW : 0) |
                    (caption.truncated ? GST_JETSON_CAPTION_FLAG_TRUNCATED : 0);
  gst_buffer_add_jetson_caption_meta(buffer, caption.text.c_str(), caption.confidence,
                                     newest->job.timestamp, newest->job.frame,
                                     static_cast<GstClockTime>(caption.inference_ms * GST_MSECOND),
                                     static_cast<GstJetsonCaptionFlags>(flags));
  if (settings.overlay && has_picture(buffer))
    draw(buffer, caption.text, settings.style);
}

void FramePath::draw(GstBuffer* buffer, const std::string& text, const OverlayStyle& style) {
  MappedVideoFrame frame(buffer, info_, GST_MAP_READWRITE);
  if (frame)
    overlay_.draw(frame.get(), text, style);
  else
    report_unreadable();
}

void FramePath::report_unreadable() {
  if (!std::exchange(unreadable_reported_, true))
    post_unreadable_frames(GST_ELEMENT(element_));
}

}  // namespace jetsoncaption
