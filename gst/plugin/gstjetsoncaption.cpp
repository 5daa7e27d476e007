// SPDX-License-Identifier: LGPL-2.1-or-later
// The element: virtual functions that check, delegate and report.

/**
 * SECTION:element-jetsoncaption
 * @title: jetsoncaption
 * @short_description: describes in words what video frames show
 *
 * Runs an image captioning model on some of the frames and attaches the sentence to each buffer as
 * a #GstJetsonCaptionMeta, draws it on the picture, and posts it on the bus. Video in system
 * memory goes in and the same buffers come out, with the same caps; only the rectangle of the
 * caption is written to.
 *
 * In live mode a frame never waits: while the model is busy, frames pass with the newest caption
 * there is. With `mode=every-frame` each due frame waits for a caption of its own, which is the
 * same on every run. `mode=auto` is live when upstream is live.
 *
 * Where a caption fails, a warning is posted, the stream goes on with the caption before, and the
 * model is tried again after pauses of 1, 2, 4 ... 60 seconds (in live mode) or at the next due
 * frame (in every-frame mode, with as few warnings). An error is posted only when the element
 * cannot start, because there is no engine or no usable model.
 *
 * ## Messages
 *
 * For each new caption an element message with the structure `jetsoncaption`: `caption` (string),
 * `confidence` (double), `timestamp`, `stream-time`, `running-time` and `frame` of the frame that
 * was described (guint64), `inference-time-ms` (double), `truncated` and `changed` (boolean) and
 * `model` (string). It is posted by the thread that runs the model in live mode, so that a slow
 * listener delays captions but no frame, and by the streaming thread, before the frame goes on, in
 * every-frame mode.
 *
 * When memory use reaches `memory-threshold`, a warning with the details structure
 * `jetsoncaption-memory`: `used-mb`, `threshold-mb`, `available-mb`, `gpu-mb` (uint), `action`
 * (string), `frame` (guint64). It comes once; when use has fallen to 90 % of the threshold, an
 * information message with the same structure says so, and the next crossing is reported again.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=90 ! jetsoncaption mode=every-frame interval=30 \
 *   model=models/mobilenet-gru-flickr8k ! videoconvert ! autovideosink
 * ]| Writes the caption of a test picture across the bottom of the window.
 *
 * Since: 0.1
 */

#include "plugin/gstjetsoncaption.h"

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include <gst/video/video.h>

#include "plugin/engine_start.h"
#include "plugin/frame_formats.h"
#include "plugin/frame_path.h"
#include "plugin/messages.h"
#include "plugin/properties.h"

GST_DEBUG_CATEGORY_STATIC(gst_jetson_caption_debug);
#define GST_CAT_DEFAULT gst_jetson_caption_debug

#define CAPS GST_VIDEO_CAPS_MAKE(JETSONCAPTION_SUPPORTED_FORMATS)

using namespace jetsoncaption;

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

// All that has a constructor, because the memory of a GObject is only zeroed.
struct State {
  std::mutex mutex;  // of settings, settings_version and session; held for a copy only
  Settings settings;
  unsigned settings_version = 0;  // counts changes
  // From start to stop. Shared, because properties and flushes come from threads that stop() does
  // not wait for.
  std::shared_ptr<CaptionSession> session;

  std::atomic<unsigned> memory_usage_mb{0};  // newest reading, for the property

  // Of the streaming thread, which does not run during start and stop.
  std::unique_ptr<FramePath> frames;
  Settings frame_settings;  // copied when the version changes: strings are not copied per frame
  unsigned frame_settings_version = 0;
  bool fault_reported = false;  // since start
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
  self->state = new State;
}

static void gst_jetson_caption_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec* pspec) {
  auto* state = GST_JETSON_CAPTION(object)->state;
  bool known = false;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    known = set_setting(state->settings, id, value);
    state->settings_version++;
  }
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_jetson_caption_get_property(GObject* object, guint id, GValue* value,
                                            GParamSpec* pspec) {
  auto* self = GST_JETSON_CAPTION(object);
  if (id == PROP_CAPTION) {
    const auto session = current_session(self);
    const auto newest = session ? session->newest() : nullptr;
    g_value_set_string(value, newest ? newest->caption.text.c_str() : nullptr);
    return;
  }
  if (id == PROP_MEMORY_USAGE) {
    g_value_set_uint(value, self->state->memory_usage_mb);
    return;
  }
  bool known = false;
  {
    std::lock_guard<std::mutex> lock(self->state->mutex);
    known = get_setting(self->state->settings, id, value);
  }
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static bool posts_messages(GstJetsonCaption* self) {
  std::lock_guard<std::mutex> lock(self->state->mutex);
  return self->state->settings.post_messages;
}

// The element outlives its session, which stop() ends.
static CaptionEvents make_events(GstJetsonCaption* self) {
  CaptionEvents events;
  events.captioned = [self](const FrameCaption& caption) {
    GST_DEBUG_OBJECT(self, "frame %" G_GUINT64_FORMAT ": %s", caption.job.frame,
                     caption.caption.text.c_str());
    if (posts_messages(self))
      post_caption(GST_ELEMENT(self), caption);
  };
  events.failed = [self](const CaptionFailure& failure) {
    post_caption_failure(GST_ELEMENT(self), failure);
  };
  return events;
}

static gboolean gst_jetson_caption_start(GstBaseTransform* trans) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  return guarded(self, gboolean{FALSE}, [&]() -> gboolean {
    Settings settings;
    {
      std::lock_guard<std::mutex> lock(state->mutex);
      settings = state->settings;
    }
    auto sampler = std::make_unique<MemorySampler>();
    auto engine = start_engine(settings);
    if (!engine.ok()) {
      post_error(GST_ELEMENT(self), engine.error());
      return FALSE;
    }
    auto session = std::make_shared<CaptionSession>(std::move(engine.value()), make_events(self));
    auto memory_watch = std::make_unique<MemoryWatch>(GST_ELEMENT(self), std::move(sampler),
                                                      session, state->memory_usage_mb);
    state->fault_reported = false;
    state->frames =
        std::make_unique<FramePath>(trans, session, std::move(memory_watch), settings.mode);
    std::lock_guard<std::mutex> lock(state->mutex);
    state->session = std::move(session);
    state->settings_version++;  // the first frame copies the settings
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
    self->state->frames->set_format(info);
    return TRUE;
  });
}

static void refresh_settings(State* state) {
  std::lock_guard<std::mutex> lock(state->mutex);
  if (state->frame_settings_version == state->settings_version)
    return;
  state->frame_settings = state->settings;
  state->frame_settings_version = state->settings_version;
}

// Decides before the base class prepares the buffer, because only a frame that may be changed has
// to be writable.
static void gst_jetson_caption_before_transform(GstBaseTransform* trans, GstBuffer* buffer) {
  auto* state = GST_JETSON_CAPTION(trans)->state;
  refresh_settings(state);
  const gboolean passthrough = !state->frame_settings.enabled;
  if (gst_base_transform_is_passthrough(trans) != passthrough)
    gst_base_transform_set_passthrough(trans, passthrough);
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
    return state->frames->process(buffer, state->frame_settings);
  } catch (const std::exception& e) {
    report_fault_once(self, e.what());
  } catch (...) {
    report_fault_once(self, "unknown exception");
  }
  return GST_FLOW_OK;
}

static gboolean gst_jetson_caption_sink_event(GstBaseTransform* trans, GstEvent* event) {
  const auto session = current_session(GST_JETSON_CAPTION(trans));
  if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START)
    session->set_flushing(true);
  if (session && GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP)
    session->set_flushing(false);
  return GST_BASE_TRANSFORM_CLASS(gst_jetson_caption_parent_class)->sink_event(trans, event);
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
  transform_class->before_transform = gst_jetson_caption_before_transform;
  transform_class->transform_ip = gst_jetson_caption_transform_ip;
  transform_class->sink_event = gst_jetson_caption_sink_event;
  transform_class->stop = gst_jetson_caption_stop;
}
