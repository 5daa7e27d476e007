// SPDX-License-Identifier: LGPL-2.1-or-later
// The element while it streams: virtual functions for caps, frames, events and queries that check,
// delegate and report.
#include <memory>
#include <new>
#include <utility>

#include <gst/video/video.h>

#include "plugin/element_state.h"
#include "plugin/frames/frame_source.h"
#include "plugin/frames/shared_frame.h"
#include "plugin/overlay_caps.h"

namespace jetsoncaption {

namespace {

GstBaseTransformClass* base_class = nullptr;  // from when the class of the element is made

gboolean set_caps(GstBaseTransform* trans, GstCaps* incaps, GstCaps* outcaps) {
  auto* self = GST_JETSON_CAPTION(trans);
  return guarded(self, gboolean{FALSE}, [&]() -> gboolean {
    GstVideoInfo info;
    if (!gst_video_info_from_caps(&info, incaps))
      return FALSE;
    const bool nvmm = is_nvmm(incaps);
    auto source = make_frame_source(info, nvmm);
    if (!source.ok()) {
      post_error(GST_ELEMENT(self), source.error());
      return FALSE;
    }
    self->state->nvmm = nvmm;
    self->state->frames->set_format(info, std::move(source.value()),
                                    has_overlay_composition(outcaps));
    return TRUE;
  });
}

GstCaps* transform_caps(GstBaseTransform* trans, GstPadDirection direction, GstCaps* caps,
                        GstCaps* filter) {
  GstCaps* others = overlay_caps_of_other_pad(direction, caps);
  if (filter != nullptr) {
    GstCaps* filtered = gst_caps_intersect_full(filter, others, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(others);
    others = filtered;
  }
  return others;
}

GstCaps* fixate_caps(GstBaseTransform* trans, GstPadDirection direction, GstCaps* caps,
                     GstCaps* othercaps) {
  if (direction == GST_PAD_SINK)
    return choose_overlay_caps(GST_BASE_TRANSFORM_SRC_PAD(trans), othercaps);
  return gst_caps_fixate(othercaps);
}

// Downstream's answer, for frames are changed in place, but without crops: a cropped frame is
// larger than its caps say, and what lies outside must be neither described nor drawn on. The same
// while the element is not enabled, for upstream is not asked again when it is.
gboolean propose_allocation(GstBaseTransform* trans, GstQuery* decide_query, GstQuery* query) {
  const gboolean answered = base_class->propose_allocation(trans, decide_query, query);
  guint index = 0;
  if (answered && gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, &index))
    gst_query_remove_nth_allocation_meta(query, index);
  return answered;
}

// Decides before the base class prepares the buffer, because only a frame that may be changed has
// to be writable.
void before_transform(GstBaseTransform* trans, GstBuffer* buffer) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  guarded_aside(self, "Settings could not be taken over", [&] {
    const GstSegment& segment = trans->segment;
    const GstClockTime time =
        segment.format == GST_FORMAT_TIME
            ? gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))
            : GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID(time))
      gst_object_sync_values(GST_OBJECT(self), time);
    state->settings.refresh(state->frame_settings, state->frame_settings_version);
  });
  const gboolean passthrough = !state->frame_settings.enabled;
  if (gst_base_transform_is_passthrough(trans) != passthrough)
    gst_base_transform_set_passthrough(trans, passthrough);
}

// The base class would copy a frame that is not writable.
GstFlowReturn prepare_output_buffer(GstBaseTransform* trans, GstBuffer* input, GstBuffer** output) {
  auto* state = GST_JETSON_CAPTION(trans)->state;
  state->frame_shared = false;
  if (!state->nvmm || gst_base_transform_is_passthrough(trans))
    return base_class->prepare_output_buffer(trans, input, output);
  state->frame_shared = !is_frame_exclusive(input);
  *output = gst_buffer_is_writable(input) ? input : share_frame(input);
  return GST_FLOW_OK;
}

GstFlowReturn transform_ip(GstBaseTransform* trans, GstBuffer* buffer) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  GstFlowReturn flow = GST_FLOW_OK;
  guarded_aside(self, "A frame could not be captioned", [&] {
    flow = state->frames->process(buffer, state->frame_shared, state->frame_settings);
  });
  return flow;
}

gboolean sink_event(GstBaseTransform* trans, GstEvent* event) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  guarded_aside(self, "An event could not be looked at", [&] {
    const auto session = current_session(self);
    if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START)
      session->set_flushing(true);
    if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
      session->set_flushing(false);
      state->values.earliest_running_time = 0;
    }
    // FLUSH_START comes from any thread, all that is watched from the streaming thread.
    if (GST_EVENT_IS_SERIALIZED(event) && state->frames)
      state->frames->watch(event);
  });
  return base_class->sink_event(trans, event);
}

// Which frames come too late is computed as decoders do it (gstvideodecoder.c): after a frame that
// was late, the next ones are given twice the time it missed. A sink with throttle-time says of
// frames in time that it wants fewer.
gboolean src_event(GstBaseTransform* trans, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    GstQOSType type = GST_QOS_TYPE_UNDERFLOW;
    GstClockTimeDiff difference = 0;
    GstClockTime timestamp = GST_CLOCK_TIME_NONE;
    gst_event_parse_qos(event, &type, nullptr, &difference, &timestamp);
    if (type != GST_QOS_TYPE_THROTTLE && GST_CLOCK_TIME_IS_VALID(timestamp)) {
      const auto time = static_cast<GstClockTimeDiff>(timestamp);
      const GstClockTimeDiff earliest = time + (difference > 0 ? 2 * difference : difference);
      LiveValues& values = GST_JETSON_CAPTION(trans)->state->values;
      values.late_by_ns = difference;
      values.earliest_running_time = static_cast<uint64_t>(MAX(earliest, 0));
    }
  }
  return base_class->src_event(trans, event);
}

// Adds the time that frames wait for their captions, in every-frame mode.
gboolean query(GstBaseTransform* trans, GstPadDirection direction, GstQuery* query) {
  auto* parent = base_class;
  const gboolean answered = parent->query(trans, direction, query);
  if (!answered || direction != GST_PAD_SRC || GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return answered;
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  const GstClockTime own = GST_JETSON_CAPTION(trans)->state->values.latency_ns;
  gst_query_set_latency(query, live, least + own,
                        GST_CLOCK_TIME_IS_VALID(most) ? most + own : most);
  return TRUE;
}

}  // namespace

void install_stream_functions(GstBaseTransformClass* klass) {
  base_class = GST_BASE_TRANSFORM_CLASS(g_type_class_peek_parent(klass));
  klass->set_caps = set_caps;
  klass->transform_caps = transform_caps;
  klass->fixate_caps = fixate_caps;
  klass->propose_allocation = propose_allocation;
  klass->before_transform = before_transform;
  klass->prepare_output_buffer = prepare_output_buffer;
  klass->transform_ip = transform_ip;
  klass->sink_event = sink_event;
  klass->src_event = src_event;
  klass->query = query;
}

}  // namespace jetsoncaption
