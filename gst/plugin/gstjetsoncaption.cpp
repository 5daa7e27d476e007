// SPDX-License-Identifier: LGPL-2.1-or-later
// The element: its type, its properties, and what happens when it starts and stops.

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
 * element cannot start, because there is no engine or no usable model, or when frames in NVMM
 * memory come where the libraries of a Jetson board are missing. Where the model fails its
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
 * `hedged` (boolean), `model` (string) and `tags`, the likeliest things in the picture, likeliest
 * first: an array of structures with `tag` (string) and `probability` (double). It is posted by the
 * thread that runs the model in live mode, so that a slow listener delays captions but no frame,
 * and by the streaming thread, before the frame goes on, in every-frame mode.
 *
 * When memory use exceeds `memory-threshold`, or the system has less than `memory-reserve` left, a
 * warning with the details structure `jetsoncaption-memory`: `used-mb`, `threshold-mb`,
 * `available-mb`, `gpu-mb`, `reserve-mb` (uint), `cause`, `step`, `action` (string), `frame`
 * (guint64). It comes once for each step that is taken; when use has fallen to 90 % of the
 * threshold, or a quarter more than the reserve is left, an information message with the same
 * structure says so for each step back, and the next crossing is reported again.
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

#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <gst/video/video.h>

#include "plugin/element_state.h"
#include "plugin/frames/frame_formats.h"
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

G_DEFINE_TYPE_WITH_CODE(GstJetsonCaption, gst_jetson_caption, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(gst_jetson_caption_debug, "jetsoncaption", 0,
                                                "describes video frames"))

static void gst_jetson_caption_init(GstJetsonCaption* self) {
  auto* trans = GST_BASE_TRANSFORM(self);
  gst_base_transform_set_in_place(trans, TRUE);
  gst_base_transform_set_gap_aware(trans, TRUE);  // the GAP flag passes on
  self->state = new ElementState(GST_ELEMENT(self));
}

static CaptionSession::EngineLoader loader_of(const EngineStart& start) {
  return
      [start](const std::function<bool()>& is_stopped) { return start_engine(start, is_stopped); };
}

static CaptionSession::EngineLoaders loaders_of(const EngineStart& start) {
  const auto modest = more_modest(start);
  return {loader_of(start), modest ? loader_of(*modest) : nullptr};
}

// While the element runs, and with what else counted when it started. Of a bundle that cannot be
// found, only the warning remains.
static void change_model(GstJetsonCaption* self) {
  std::shared_ptr<CaptionSession> session;
  Settings settings;
  {
    std::lock_guard<std::mutex> lock(self->state->mutex);
    session = self->state->session;
    settings = self->state->started_with;
  }
  if (!session)
    return;
  std::optional<Error> cause;
  {
    // Of two threads that set it, the later one has the last word.
    std::lock_guard<std::mutex> one_at_a_time(self->state->model_mutex);
    settings.model = self->state->settings.copy().model;
    const auto prepared = prepare_engine(settings);
    if (prepared.ok())
      session->change_model(loaders_of(prepared.value()));
    else
      cause = prepared.error();
  }
  // Whoever handles the message may set another one.
  if (cause)
    post_kept_model(GST_ELEMENT(self), *cause, session->state() != SessionState::Failed);
}

static void gst_jetson_caption_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec* pspec) {
  auto* self = GST_JETSON_CAPTION(object);
  auto* state = self->state;
  guarded_aside(self, "A property could not be set", [&] {
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
    // The files of the same model may be others.
    if (std::strcmp(pspec->name, "model") == 0)
      change_model(self);
    else if (changed && (pspec->flags & GST_PARAM_MUTABLE_PLAYING) == 0 && current_session(self))
      post_late_setting(GST_ELEMENT(object), pspec->name);
  });
}

static void gst_jetson_caption_get_property(GObject* object, guint id, GValue* value,
                                            GParamSpec* pspec) {
  auto* self = GST_JETSON_CAPTION(object);
  auto* state = self->state;
  guarded_aside(self, "A property could not be read", [&] {
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
  });
}

static gboolean gst_jetson_caption_start(GstBaseTransform* trans) {
  auto* self = GST_JETSON_CAPTION(trans);
  auto* state = self->state;
  return guarded(self, gboolean{FALSE}, [&]() -> gboolean {
    Settings settings = state->settings.copy();
    auto sampler = std::make_unique<MemorySampler>();
    const auto prepared = prepare_engine(settings);
    if (!prepared.ok()) {
      post_error(GST_ELEMENT(self), prepared.error());
      return FALSE;
    }
    state->values.forget_run();
    auto session = CaptionSession::start(loaders_of(prepared.value()), state->messages,
                                         settings.overlay && settings.enabled);
    // Its thread runs, and the base class does not stop what did not start.
    struct Unfinished {
      CaptionSession* session;
      ~Unfinished() {
        if (session != nullptr)
          session->shut_down();
      }
    } unfinished{session.get()};
    auto memory_watch =
        std::make_unique<MemoryWatch>(state->messages, std::move(sampler), session, state->values);
    state->fault_reported = false;
    state->frames = std::make_unique<FramePath>(trans, session, std::move(memory_watch),
                                                state->values, settings.mode);
    // Nothing below throws.
    unfinished.session = nullptr;
    {
      std::lock_guard<std::mutex> lock(state->mutex);
      state->session = std::move(session);
      std::swap(state->started_with, settings);
    }
    guarded_aside(self, "A property could not be set", [&] {
      // Since the settings were copied.
      if (state->settings.copy().model != state->started_with.model)
        change_model(self);
    });
    return TRUE;
  });
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
  guarded_aside(self, "The element's stop could not be told of", [&] {
    std::shared_ptr<CaptionSession> session;
    {
      std::lock_guard<std::mutex> lock(state->mutex);
      session = std::exchange(state->session, nullptr);
    }
    const bool was_loading = session && session->shut_down();
    state->frames.reset();
    state->values.forget_run();
    if (was_loading)
      state->messages.load_cancelled();
  });
  return TRUE;
}

// Whoever gives an element up while it plays makes a mistake, of which GStreamer complains; the
// session's thread must not go on with what is gone. What is given up by that thread itself, in a
// handler, stays for good: it comes back there.
static void gst_jetson_caption_dispose(GObject* object) {
  auto* self = GST_JETSON_CAPTION(object);
  const std::shared_ptr<CaptionSession> session = current_session(self);
  if (session && session->is_in_its_thread()) {
    session->interrupt();
    g_object_ref(object);
    return;
  }
  if (session)
    gst_jetson_caption_stop(GST_BASE_TRANSFORM(object));
  G_OBJECT_CLASS(gst_jetson_caption_parent_class)->dispose(object);
}

static void gst_jetson_caption_finalize(GObject* object) {
  delete GST_JETSON_CAPTION(object)->state;
  G_OBJECT_CLASS(gst_jetson_caption_parent_class)->finalize(object);
}

static void gst_jetson_caption_class_init(GstJetsonCaptionClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_jetson_caption_set_property;
  object_class->get_property = gst_jetson_caption_get_property;
  object_class->dispose = gst_jetson_caption_dispose;
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
  install_stream_functions(transform_class);
  transform_class->stop = gst_jetson_caption_stop;
}
