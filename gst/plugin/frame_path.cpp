// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a frame on its way through the element, from start to stop.
#include "plugin/frame_path.h"

#include <algorithm>
#include <utility>

#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

#include "plugin/messages.h"

namespace jetsoncaption {

namespace {

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

// Between two timestamps, in either direction; none if one of them is missing.
GstClockTime distance(GstClockTime a, GstClockTime b) {
  if (!GST_CLOCK_TIME_IS_VALID(a) || !GST_CLOCK_TIME_IS_VALID(b))
    return GST_CLOCK_TIME_NONE;
  return a > b ? a - b : b - a;
}

// By running time; of frames outside of their segment by timestamps, and where there are none by
// the clock.
GstClockTime age_of(const FrameCaption& caption, GstBuffer* buffer, GstClockTime running_time) {
  GstClockTime age = distance(running_time, caption.job.running_time);
  if (!GST_CLOCK_TIME_IS_VALID(age))
    age = distance(GST_BUFFER_PTS(buffer), caption.job.timestamp);
  if (GST_CLOCK_TIME_IS_VALID(age))
    return age;
  const auto passed = std::chrono::steady_clock::now() - caption.job.taken_at;
  return static_cast<GstClockTime>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count());
}

// But for what division by the rate leaves out.
bool same_time(int left_sign, GstClockTime left, int right_sign, GstClockTime right) {
  constexpr GstClockTime kRounding = GST_MSECOND;
  if (left_sign == 0 || right_sign == 0)  // outside of the segment
    return left_sign == right_sign;
  if (left_sign != right_sign)
    return left <= kRounding && right <= kRounding - left;
  return left > right ? left - right <= kRounding : right - left <= kRounding;
}

// Whether timestamps mean the same in both, where the stream is.
bool continues(const GstSegment& before, const GstSegment& after) {
  if (before.format != after.format || before.rate != after.rate ||
      before.applied_rate != after.applied_rate)
    return false;
  if (before.format != GST_FORMAT_TIME)
    return gst_segment_is_equal(&before, &after);
  const GstClockTime position = before.position;
  GstClockTime times[4];
  const int running_before =
      gst_segment_to_running_time_full(&before, GST_FORMAT_TIME, position, &times[0]);
  const int running_after =
      gst_segment_to_running_time_full(&after, GST_FORMAT_TIME, position, &times[1]);
  const int stream_before =
      gst_segment_to_stream_time_full(&before, GST_FORMAT_TIME, position, &times[2]);
  const int stream_after =
      gst_segment_to_stream_time_full(&after, GST_FORMAT_TIME, position, &times[3]);
  return same_time(running_before, times[0], running_after, times[1]) &&
         same_time(stream_before, times[2], stream_after, times[3]);
}

// Stale captions are drawn with so much of their opacity.
constexpr double kDimmed = 0.5;

// From one described frame to the next while all are late: a caption is not old before the next
// one.
constexpr GstClockTime kLongestLate = 2 * GST_SECOND;

// From one described frame to the next while memory is short.
constexpr std::chrono::seconds kSlowedDown{1};

}  // namespace

FramePath::FramePath(GstBaseTransform* element, std::shared_ptr<CaptionSession> session,
                     std::unique_ptr<MemoryWatch> memory_watch, LiveValues& values, Mode mode)
    : element_(element),
      session_(std::move(session)),
      memory_watch_(std::move(memory_watch)),
      values_(values),
      mode_(mode) {
  gst_video_info_init(&info_);
}

void FramePath::set_format(const GstVideoInfo& info, std::unique_ptr<FrameSource> source,
                           bool attach_overlay) {
  info_ = info;
  shrinker_.reset();
  source_ = std::move(source);
  attach_overlay_ = attach_overlay;
  unreadable_reported_ = false;
  undrawable_reported_ = false;
}

// What follows shows something else: what was seen before says nothing of it.
void FramePath::watch(GstEvent* event) {
  bool is_new = false;
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    const gchar* stream_id = nullptr;
    gst_event_parse_stream_start(event, &stream_id);
    is_new = stream_id_ != stream_id;
    stream_id_ = stream_id;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event, &segment);
    is_new = !continues(element_->segment, *segment);
  }
  if (is_new)
    session_->forget();
}

GstFlowReturn FramePath::process(GstBuffer* buffer, bool is_shared, const Settings& settings) {
  const uint64_t frame = next_frame_++;
  session_->statistics().frame_passed();
  memory_step_ = memory_watch_->check(frame, settings, std::chrono::steady_clock::now());
  if (!settings.enabled)
    return GST_FLOW_OK;
  if (epoch_ != session_->epoch()) {
    epoch_ = session_->epoch();
    last_described_.reset();
    late_since_ = GST_CLOCK_TIME_NONE;
  }
  if (mode_ == Mode::Auto)
    mode_ = is_upstream_live(element_) ? Mode::Live : Mode::EveryFrame;

  GstFlowReturn flow = GST_FLOW_OK;
  if (has_picture(buffer) && is_due(frame, GST_BUFFER_PTS(buffer), settings))
    flow = describe(buffer, frame, settings);
  if (flow == GST_FLOW_OK)
    carry(buffer, is_shared, settings);
  return flow;
}

// By the clock and not by timestamps: what counts is the load.
bool FramePath::is_slowed_down() const {
  return memory_step_ >= MemoryStep::SlowDown && last_described_at_ &&
         std::chrono::steady_clock::now() - *last_described_at_ < kSlowedDown;
}

bool FramePath::is_due(uint64_t frame, GstClockTime timestamp, const Settings& settings) const {
  if (is_slowed_down())
    return false;
  if (!last_described_)
    return true;
  if (frame - *last_described_ < settings.interval)
    return false;
  const GstClockTime passed = distance(timestamp, last_described_timestamp_);
  if (settings.max_rate_numerator == 0 || !GST_CLOCK_TIME_IS_VALID(passed))
    return true;
  const GstClockTime needed =
      gst_util_uint64_scale(GST_SECOND, static_cast<guint64>(settings.max_rate_denominator),
                            static_cast<guint64>(settings.max_rate_numerator));
  // Timestamps are rounded: every third frame of thirty is 99,999,999 ns after the one before.
  const GstClockTime rounding = std::min<GstClockTime>(GST_MSECOND, needed / 8);
  return passed + rounding >= needed;
}

// In every-frame mode each due frame has its caption, the same on every run, however late it is.
bool FramePath::is_late(GstBuffer* buffer) const {
  if (mode_ != Mode::Live)
    return false;
  const GstClockTime time = running_time(buffer);
  return GST_CLOCK_TIME_IS_VALID(time) && time < values_.earliest_running_time;
}

// A pipeline that is late by a constant time, because an element does not tell its latency, is so
// for ever: that is no reason to describe nothing.
bool FramePath::is_left_out_because_late(GstBuffer* buffer) {
  if (!is_late(buffer)) {
    late_since_ = GST_CLOCK_TIME_NONE;
    return false;
  }
  const GstClockTime time = running_time(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(late_since_) || time < late_since_)
    late_since_ = time;
  if (time - late_since_ < kLongestLate)
    return true;
  if (!std::exchange(late_frames_reported_, true))
    post_late_frames(GST_ELEMENT(element_), values_.late_by_ns);
  return false;
}

// Comes before the caption is drawn: the model is not to read its own captions.
GstFlowReturn FramePath::describe(GstBuffer* buffer, uint64_t frame, const Settings& settings) {
  if (is_left_out_because_late(buffer)) {
    session_->statistics().frame_late();
    return GST_FLOW_OK;
  }
  const bool wait = mode_ == Mode::EveryFrame;
  switch (wait ? session_->wait_for_turn() : session_->turn()) {
    case Turn::Yes:
      break;
    case Turn::Busy:
      session_->statistics().frame_skipped();
      return GST_FLOW_OK;
    case Turn::NotNow:
      return GST_FLOW_OK;
    case Turn::Interrupted:
      return wait ? GST_FLOW_FLUSHING : GST_FLOW_OK;
    case Turn::Broken:
      return GST_FLOW_ERROR;
  }
  // Also where it cannot be read: to try each frame would cost more than those that are due.
  last_described_ = frame;
  last_described_timestamp_ = GST_BUFFER_PTS(buffer);
  if (!read(buffer))
    return GST_FLOW_OK;

  const CaptionJob job = make_job(buffer, frame, settings);
  last_described_at_ = job.taken_at;
  if (GST_CLOCK_TIME_IS_VALID(late_since_))
    late_since_ = job.running_time;
  if (wait)
    return describe_and_wait(job);
  session_->submit(job, shrinker_);
  return GST_FLOW_OK;
}

// Measures how long frames wait, and tells the pipeline when that changes.
GstFlowReturn FramePath::describe_and_wait(const CaptionJob& job) {
  if (!session_->submit_and_wait(job, shrinker_))
    return GST_FLOW_FLUSHING;
  const auto waited = std::chrono::steady_clock::now() - job.taken_at;
  const auto waited_ns =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count());
  if (latency_.add(waited_ns)) {
    values_.latency_ns = latency_.latency_ns();
    gst_element_post_message(GST_ELEMENT(element_), gst_message_new_latency(GST_OBJECT(element_)));
  }
  return GST_FLOW_OK;
}

bool FramePath::read(GstBuffer* buffer) {
  auto read = source_->read(buffer, session_->picture_size());
  if (!read.ok()) {
    report_unreadable(read.error());
    return false;
  }
  shrinker_ = std::move(read.value());
  return true;
}

GstClockTime FramePath::running_time(GstBuffer* buffer) const {
  const GstSegment& segment = element_->segment;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  if (segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(pts))
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, pts);
}

CaptionJob FramePath::make_job(GstBuffer* buffer, uint64_t frame, const Settings& settings) const {
  const GstSegment& segment = element_->segment;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  CaptionJob job;
  job.frame = frame;
  job.timestamp = pts;
  job.running_time = running_time(buffer);
  job.stream_time = GST_CLOCK_TIME_NONE;
  if (segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(pts))
    job.stream_time = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, pts);
  job.taken_at = std::chrono::steady_clock::now();
  job.request = {memory_step_ >= MemoryStep::Greedy ? 1 : settings.beam_size, settings.max_words,
                 settings.max_inference_ms, settings.attention, settings.hedge_below};
  job.is_drawn = settings.overlay;
  job.use = attach_overlay_ ? CaptionUse::Attach : CaptionUse::Blend;
  job.info = info_;
  job.style = settings.style;
  return job;
}

void FramePath::carry(GstBuffer* buffer, bool is_shared, const Settings& settings) {
  const std::shared_ptr<const FrameCaption> newest = session_->newest();
  const bool is_new = newest != carried_;
  carried_ = newest;
  if (newest == nullptr) {
    values_.caption_age_ns = kNoTime;
    return;
  }

  const GstClockTime age = age_of(*newest, buffer, running_time(buffer));
  values_.caption_age_ns = age;
  const uint64_t timeout = settings.caption_timeout_ns;
  const bool is_stale = timeout != 0 && age > timeout / 2;
  const bool is_over = timeout != 0 && age > timeout;
  const int flags = (is_new ? GST_JETSON_CAPTION_FLAG_NEW : 0) |
                    (is_stale ? GST_JETSON_CAPTION_FLAG_STALE : 0) | newest->caption.flags();
  newest->caption.put_on(buffer, static_cast<GstJetsonCaptionFlags>(flags));
  const bool is_shown = settings.overlay && !is_over && !is_shared && has_picture(buffer) &&
                        newest->confidence() >= settings.min_confidence;
  if (is_shown)
    show(buffer, *newest, settings.style, is_stale ? kDimmed : 1);
}

void FramePath::show(GstBuffer* buffer, const FrameCaption& caption, const OverlayStyle& style,
                     double opacity) {
  if (!session_->prepare_drawing())
    return;  // fonts are loaded elsewhere: the frame does not wait for them
  overlay_.offer(caption.drawn);
  if (attach_overlay_) {
    overlay_.attach(buffer, info_, caption.shown_text, style, opacity);
    return;
  }
  const Result<void> drawn =
      source_->draw(buffer, overlay_.drawn(caption.shown_text, info_, style, opacity));
  if (!drawn.ok())
    report_undrawable(drawn.error());
}

void FramePath::report_unreadable(const Error& error) {
  if (!std::exchange(unreadable_reported_, true))
    post_unreadable_frames(GST_ELEMENT(element_), error);
}

void FramePath::report_undrawable(const Error& error) {
  if (!std::exchange(undrawable_reported_, true))
    post_undrawable_frames(GST_ELEMENT(element_), error);
}

}  // namespace jetsoncaption
