// SPDX-License-Identifier: LGPL-2.1-or-later
// The element: virtual functions that check, delegate and report.

/**
 * SECTION:element-jetsoncaption
 * @title: jetsoncaption
 * @short_description: describes in words what video frames show
 *
 * Runs an image captioning model on some of the frames and attaches the sentence to each buffer as
 * a #GstJetsonCaptionMeta, draws it on the picture, and posts it on the bus. Video in system
 * memory or in NVMM memory, that of the hardware of a Jetson board, goes in, and the same buffers
 * come out; only the rectangle of the caption is written to, and not even that where downstream
 * draws overlay composition metadata, or where somebody else looks at the same NVMM frame.
 *
 * In live mode a frame never waits: while the model is loaded or busy, frames pass with the newest
 * caption there is. With `mode=every-frame` each due frame waits for a caption of its own, which is
 * the same on every run. `mode=auto` is live when upstream is live.
 *
 * The model is loaded in the background when the element starts. An error is posted only when the
 * element cannot start, because there is no engine or no usable model. Where the model fails its
 * self-test, because LibTorch computes wrongly on this machine, a warning says so once. Where a
 * caption fails, a warning is posted, the stream goes on with the caption before, and the model is
 * tried again after pauses of 1, 2, 4 ... 60 seconds (in live mode) or at the next due frame (in
 * every-frame mode, with as few warnings).
 *
 * ## Messages
 *
 * For each new caption an element message with the structure `jetsoncaption`: `caption` (string),
 * `confidence` (double), `timestamp`, `stream-time`, `running-time` and `frame` of the frame that
 * was described (guint64), `inference-time-ms` (double), `truncated` and `changed` (boolean),
 * `model` (string) and `tags`, the likeliest things in the picture, likeliest first: an array of
 * structures with `tag` (string) and `probability` (double). It is posted by the thread that runs the model in live mode, so that a slow
 * listener delays captions but no frame, and by the streaming thread, before the frame goes on, in
 * every-frame mode.
 *
 * When memory use reaches `memory-threshold`, a warning with the details structure
 * `jetsoncaption-memory`: `used-mb`, `threshold-mb`, `available-mb`, `gpu-mb` (uint), `action`
 * (string), `frame` (guint64). It comes once; when use has fallen to 90 % of the threshold, an
 * information message with the same structure says so, and the next crossing is reported again.
 *
 * When the memory of the GPU runs out, the model is moved to the CPU, and a warning says so once.
 *
 * Progress messages with the code `load-model` while the model is loaded.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=90 ! jetsoncaption mode=every-frame interval=30 \
 *   model=models/lite0-gru-everyday ! videoconvert ! autovideosink
 * ]| Writes the caption of a test picture across the bottom of the window.
 *
 * Since: 0.1
 */

#include "plugin/gstjetsoncaption.h"

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include <gst/video/video.h>

#include "plugin/frame_path.h"
#include "plugin/frames/frame_formats.h"
#include "plugin/frames/frame_source.h"
#include "plugin/frames/shared_frame.h"
#include "plugin/live_values.h"
#include "plugin/messages.h"
#include "plugin/overlay_caps.h"
#include "plugin/properties.h"
#include "plugin/session/engine_start.h"
#include "plugin/stats.h"

GST_DEBUG_CATEGORY(gst_jetson_caption_debug);
#define GST_CAT_DEFAULT gst_jetson_caption_debug

#define CAPS                                                                                              \
  GST_VIDEO_CAPS_MAKE(JETSONCAPTION_SUPPORTED_FORMATS)                                                    \
  "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES(                                                                 \
      GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY                                                               \
      ", " GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION,                                           \
      JETSONCAPTION_SUPPORTED_FORMATS) "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES(JETSONCAPTION_NVMM_FEATURE, \
                                                                              JETSONCAPTION_NVMM_FORMATS)

using namespace jetsoncaption;

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

// All that has a constructor, because the memory of a GObject is only zeroed.
struct State {
  explicit State(GstElement* element) : messages(element, settings) {}

  SharedSettings settings;
  BusMessages messages;

  std::mutex mutex;  // of session; held for a copy only
  // From start to stop. Shared, because properties and flushes come from threads that stop() does
  // not wait for.
  std::shared_ptr<CaptionSession> session;

  LiveValues values;

  // Of the streaming thread, which does not run during start and stop.
  std::unique_ptr<FramePath> frames;
  Settings frame_settings;  // copied when they change: strings are not copied per frame
  unsigned frame_settings_version = 0;
  bool fault_reported = false;  // since start
  bool nvmm = false;            // frames are in NVMM memory
  bool frame_shared = false;    // somebody else has the pixels of the frame that is in work
};

struct _GstJetsonCaption {
  GstBaseTransform parent;
  State* state;
};

G_DEFINE_TYPE_WITH_CODE(GstJetsonCaption, gst_jetson_caption, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(gst_jetson_caption_debug, "jetsoncaption", 0,
                                                "describes video frames"))

// The last net: an exception must not unwind through GLib.
template <typename R, typename Body>
static R guarded(GstJetsonCaption* self, R on_failure, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("Captioning stopped unexpectedly."),
                      ("%s", e.what()));
  } catch (...) {
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("Captioning stopped unexpectedly."), (nullptr));
  }
  return on_failure;
}

static std::shared_ptr<CaptionSession> current_session(GstJetsonCaption* self) {
  std::lock_guard<std::mutex> lock(self->state->mutex);
  return self->state->session;
}

static void gst_jetson_caption_init(GstJetsonCaption* self) {
  auto* trans = GST_BASE_TRANSFORM(self);
  gst_base_transform_set_in_place(trans, TRUE);
  gst_base_transform_set_gap_aware(trans, TRUE);  // the GAP flag passes on
  self->state = new State(GST_ELEMENT(self));
}

static void gst_jetson_caption_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec* pspec) {
  auto* self = GST_JETSON_CAPTION(object);
  auto* state = self->state;
  guarded(self, false, [&] {
    struct Value {
      GValue value = G_VALUE_INIT;
      ~Value() { g_value_unset(&value); }
    } before;
    g_value_init(&before.value, G_PARAM_SPEC_VALUE_TYPE(pspec));
    const bool known = state->settings.change([&](Settings& settings) {
      return get_setting(settings, id, &before.value) && set_setting(settings, id, value);
    });
    const bool changed = g_param_values_cmp(pspec, &before.value, value) != 0;
    if (!known)
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    else if (changed && (pspec->flags & GST_PARAM_MUTABLE_PLAYING) == 0 && current_session(self))
      post_late_setting(GST_ELEMENT(object), pspec->name);
    return true;
  });
}

static void gst_jetson_caption_get_property(GObject* object, guint id, GValue* value,
                                            GParamSpec* pspec) {
  auto* self = GST_JETSON_CAPTION(object);
  auto* state = self->state;
  guarded(self, false, [&] {
    const auto session = current_session(self);
    const auto newest = session ? session->newest() : nullptr;
    if (id == PROP_CAPTION)
      g_value_set_string(value, newest ? newest->text() : nullptr);
    else if (id == PROP_MEMORY_USAGE)
      g_value_set_uint(value, state->values.memory_usage_mb);
    else if (id == PROP_STATS)
      g_value_take_boxed(value, make_stats(session.get(), state->values));
    else if (!get_setting(state->settings.copy(), id, value))
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    return true;
  });
}

static gboolean gst_jetson_caption_start(GstBaseTransform* trans) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  return guarded(self, gboolean{FALSE}, [&]() -> gboolean {
    const Settings settings = state->settings.copy();
    auto sampler = std::make_unique<MemorySampler>();
    const auto prepared = prepare_engine(settings);
    if (!prepared.ok()) {
      post_error(GST_ELEMENT(self), prepared.error());
      return FALSE;
    }
    state->values.latency_ns = 0;
    state->values.earliest_running_time = 0;
    state->values.caption_age_ns = kNoTime;
    auto session = CaptionSession::start(
        [start = prepared.value()](const std::function<bool()>& is_stopped) {
          return start_engine(start, is_stopped);
        },
        state->messages, settings.overlay && settings.enabled);
    auto memory_watch =
        std::make_unique<MemoryWatch>(state->messages, std::move(sampler), session, state->values);
    state->fault_reported = false;
    state->frames = std::make_unique<FramePath>(trans, session, std::move(memory_watch),
                                                state->values, settings.mode);
    std::lock_guard<std::mutex> lock(state->mutex);
    state->session = std::move(session);
    return TRUE;
  });
}

static gboolean gst_jetson_caption_set_caps(GstBaseTransform* trans, GstCaps* incaps,
                                            GstCaps* outcaps) {
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

static GstCaps* gst_jetson_caption_transform_caps(GstBaseTransform* trans,
                                                  GstPadDirection direction, GstCaps* caps,
                                                  GstCaps* filter) {
  GstCaps* others = overlay_caps_of_other_pad(direction, caps);
  if (filter != nullptr) {
    GstCaps* filtered = gst_caps_intersect_full(filter, others, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(others);
    others = filtered;
  }
  return others;
}

static GstCaps* gst_jetson_caption_fixate_caps(GstBaseTransform* trans, GstPadDirection direction,
                                               GstCaps* caps, GstCaps* othercaps) {
  if (direction == GST_PAD_SINK)
    return choose_overlay_caps(GST_BASE_TRANSFORM_SRC_PAD(trans), othercaps);
  return gst_caps_fixate(othercaps);
}

// Downstream's answer, for frames are changed in place, but without crops: a cropped frame is
// larger than its caps say, and what lies outside must be neither described nor drawn on. The same
// while the element is not enabled, for upstream is not asked again when it is.
static gboolean gst_jetson_caption_propose_allocation(GstBaseTransform* trans,
                                                      GstQuery* decide_query, GstQuery* query) {
  const gboolean answered = GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class)
                                ->propose_allocation(trans, decide_query, query);
  guint index = 0;
  if (answered && gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, &index))
    gst_query_remove_nth_allocation_meta(query, index);
  return answered;
}

// Decides before the base class prepares the buffer, because only a frame that may be changed has
// to be writable.
static void gst_jetson_caption_before_transform(GstBaseTransform* trans, GstBuffer* buffer) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  guarded(self, false, [&] {
    const GstSegment& segment = trans->segment;
    const GstClockTime time =
        segment.format == GST_FORMAT_TIME
            ? gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))
            : GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID(time))
      gst_object_sync_values(GST_OBJECT(self), time);
    state->settings.refresh(state->frame_settings, state->frame_settings_version);
    return true;
  });
  const gboolean passthrough = !state->frame_settings.enabled;
  if (gst_base_transform_is_passthrough(trans) != passthrough)
    gst_base_transform_set_passthrough(trans, passthrough);
}

// The base class would copy a frame that is not writable.
static GstFlowReturn gst_jetson_caption_prepare_output_buffer(GstBaseTransform* trans,
                                                              GstBuffer* input,
                                                              GstBuffer** output) {
  auto* state = GST_JETSON_CAPTION(trans)->state;
  state->frame_shared = false;
  if (!state->nvmm || gst_base_transform_is_passthrough(trans))
    return GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class)
        ->prepare_output_buffer(trans, input, output);
  state->frame_shared = !is_frame_exclusive(input);
  *output = gst_buffer_is_writable(input) ? input : share_frame(input);
  return GST_FLOW_OK;
}

// Once from start to stop: what fails for one frame may well fail for each.
static void report_fault_once(GstJetsonCaption* self, const char* fault) {
  if (!std::exchange(self->state->fault_reported, true)) {
    GST_ELEMENT_WARNING(self, LIBRARY, FAILED,
                        ("A frame could not be captioned; frames pass as they are."),
                        ("%s", fault));
  }
}

static GstFlowReturn gst_jetson_caption_transform_ip(GstBaseTransform* trans, GstBuffer* buffer) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  // Not guarded(): a frame must pass, whatever became of its caption.
  try {
    return state->frames->process(buffer, state->frame_shared, state->frame_settings);
  } catch (const std::exception& e) {
    report_fault_once(self, e.what());
  } catch (...) {
    report_fault_once(self, "unknown exception");
  }
  return GST_FLOW_OK;
}

static gboolean gst_jetson_caption_sink_event(GstBaseTransform* trans, GstEvent* event) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  guarded(self, false, [&] {
    const auto session = current_session(self);
    if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START)
      session->set_flushing(true);
    if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
      session->set_flushing(false);
      state->values.earliest_running_time = 0;
    }
    // FLUSH_START comes from any thread, all that is watched from the streaming thread.
    if (state->frames && GST_EVENT_IS_SERIALIZED(event))
      state->frames->watch(event);
    return true;
  });
  return GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class)->sink_event(trans, event);
}

// Which frames come too late is computed as decoders do it (gstvideodecoder.c): after a frame that
// was late, the next ones are given twice the time it missed.
static gboolean gst_jetson_caption_src_event(GstBaseTransform* trans, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    GstClockTimeDiff difference = 0;
    GstClockTime timestamp = GST_CLOCK_TIME_NONE;
    gst_event_parse_qos(event, nullptr, nullptr, &difference, &timestamp);
    if (GST_CLOCK_TIME_IS_VALID(timestamp)) {
      const auto time = static_cast<GstClockTimeDiff>(timestamp);
      const GstClockTimeDiff earliest = time + (difference > 0 ? 2 * difference : difference);
      GST_JETSON_CAPTION(trans)->state->values.earliest_running_time =
          static_cast<uint64_t>(MAX(earliest, 0));
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class)->src_event(trans, event);
}

// Adds the time that frames wait for their captions, in every-frame mode.
static gboolean gst_jetson_caption_query(GstBaseTransform* trans, GstPadDirection direction,
                                         GstQuery* query) {
  auto* parent = GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class);
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

static GstStateChangeReturn gst_jetson_caption_change_state(GstElement* element,
                                                            GstStateChange transition) {
  // The base class waits for the streaming thread, which may be waiting for a caption.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    if (const auto session = current_session(GST_JETSON_CAPTION(element)))
      session->interrupt();
  }
  return GST_ELEMENT_CLASS(gst_jetson_caption_parent_class)->change_state(element, transition);
}

static gboolean gst_jetson_caption_stop(GstBaseTransform* trans) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  return guarded(self, gboolean{FALSE}, [&]() -> gboolean {
    std::shared_ptr<CaptionSession> session;
    {
      std::lock_guard<std::mutex> lock(state->mutex);
      session = std::exchange(state->session, nullptr);
    }
    if (session)
      session->shut_down();
    state->frames.reset();
    return TRUE;
  });
}

static void gst_jetson_caption_finalize(GObject* object) {
  delete GST_JETSON_CAPTION(object)->state;
  G_OBJECT_CLASS(gst_jetson_caption_parent_class)->finalize(object);
}

static void gst_jetson_caption_class_init(GstJetsonCaptionClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_jetson_caption_set_property;
  object_class->get_property = gst_jetson_caption_get_property;
  object_class->finalize = gst_jetson_caption_finalize;
  install_properties(object_class);

  /**
   * GstJetsonCaption::caption:
   * @element: the element
   * @text: the caption
   * @confidence: how sure the model is, from 0 to 1
   * @timestamp: presentation timestamp of the frame that was described, or #GST_CLOCK_TIME_NONE
   *
   * Emitted for each new caption, like the message `jetsoncaption`, by the same thread: in live
   * mode by the one that runs the model, in every-frame mode by the streaming thread. No lock is
   * held, but the element's state must not be changed from a handler.
   *
   * Since: 0.1
   */
  g_signal_new("caption", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
               G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_DOUBLE, G_TYPE_UINT64);

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = gst_jetson_caption_change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Image captioner", "Filter/Analyzer/Video",
                                        "Describes in words what video frames show",
                                        "The jetsoncaption authors");

  auto* transform_class = GST_BASE_TRANSFORM_CLASS(klass);
  transform_class->start = gst_jetson_caption_start;
  transform_class->set_caps = gst_jetson_caption_set_caps;
  transform_class->transform_caps = gst_jetson_caption_transform_caps;
  transform_class->fixate_caps = gst_jetson_caption_fixate_caps;
  transform_class->propose_allocation = gst_jetson_caption_propose_allocation;
  transform_class->before_transform = gst_jetson_caption_before_transform;
  transform_class->prepare_output_buffer = gst_jetson_caption_prepare_output_buffer;
  transform_class->transform_ip = gst_jetson_caption_transform_ip;
  transform_class->sink_event = gst_jetson_caption_sink_event;
  transform_class->src_event = gst_jetson_caption_src_event;
  transform_class->query = gst_jetson_caption_query;
  transform_class->stop = gst_jetson_caption_stop;
}
