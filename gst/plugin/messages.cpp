// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says on the bus.
#include "plugin/messages.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "plugin/error_mapping.h"

GST_DEBUG_CATEGORY_EXTERN(gst_jetson_caption_debug);
#define GST_CAT_DEFAULT gst_jetson_caption_debug

namespace jetsoncaption {

namespace {

guint to_mb(uint64_t bytes) {
  return static_cast<guint>(bytes >> 20);
}

// Takes `details`, which may be null.
void post(GstElement* element, GstMessageType type, ElementErrorCode code, const std::string& text,
          const std::string& debug, GstStructure* details) {
  gst_element_message_full_with_details(
      element, type, code.domain, code.code, g_strdup(text.c_str()),
      debug.empty() ? nullptr : g_strdup(debug.c_str()), __FILE__, GST_FUNCTION, __LINE__, details);
}

const char* action_name(MemoryAction action) {
  switch (action) {
    case MemoryAction::Warn:
      return "warn";
    case MemoryAction::Trim:
      return "trim";
    case MemoryAction::Pause:
      return "pause";
    case MemoryAction::Unload:
      return "unload";
  }
  return "";
}

// What the element does about it from now on.
std::string step_text(const MemoryNotice& notice) {
  const bool was_loaded = notice.before != MemoryStep::Unload;
  switch (notice.step) {
    case MemoryStep::Unload:
      return " The model is given up.";
    case MemoryStep::Pause:
      return was_loaded ? " Nothing is described." : " The model is loaded again.";
    case MemoryStep::Greedy:
      return " At most one frame a second is described, with beam-size=1.";
    case MemoryStep::SlowDown:
      return " At most one frame a second is described.";
    case MemoryStep::None:
    case MemoryStep::Warn:
    case MemoryStep::Trim:
      return notice.before > MemoryStep::Trim ? " Captions are made as before." : "";
  }
  return "";
}

std::string stalls_text(double percent) {
  const int whole = static_cast<int>(percent);
  return whole == 0 ? ""
                    : " In " + std::to_string(whole) +
                          " % of the last ten seconds all programs waited for memory.";
}

// The figures, which are true whether things got better or worse.
std::string limit_text(const MemoryNotice& notice) {
  if (notice.cause == MemoryCause::Reserve)
    return "The system has " + std::to_string(to_mb(notice.reading.available_bytes)) +
           " MB of memory left, and memory-reserve is " + std::to_string(notice.reserve_mb) +
           " MB." + stalls_text(notice.reading.stalled_percent);
  return "This program, its worker process included, uses " +
         std::to_string(to_mb(notice.reading.used_bytes)) +
         " MB of memory, and memory-threshold is " + std::to_string(notice.threshold_mb) + " MB.";
}

const char* remedy_text(MemoryCause cause) {
  return cause == MemoryCause::Reserve
             ? " End other programs, use a smaller model or precision=int8, or lower "
               "memory-reserve."
             : " Use a smaller model or precision=int8, or raise memory-threshold.";
}

const char* hysteresis_text(MemoryCause cause) {
  return cause == MemoryCause::Reserve ? "Over when a quarter more than memory-reserve is left."
                                       : "Over when use has fallen to 90 % of memory-threshold.";
}

void post_progress(GstElement* element, GstProgressType type, const std::string& text) {
  gst_element_post_message(
      element, gst_message_new_progress(GST_OBJECT(element), type, "load-model", text.c_str()));
}

std::string in_seconds(std::chrono::milliseconds time) {
  const auto tenths = time.count() / 100;
  const std::string whole = std::to_string(tenths / 10);
  return (tenths % 10 == 0 ? whole : whole + "." + std::to_string(tenths % 10)) + " s";
}

GstStructure* memory_details(const MemoryNotice& notice) {
  return gst_structure_new(
      "jetsoncaption-memory", "used-mb", G_TYPE_UINT, to_mb(notice.reading.used_bytes),
      "threshold-mb", G_TYPE_UINT, notice.threshold_mb, "available-mb", G_TYPE_UINT,
      to_mb(notice.reading.available_bytes), "gpu-mb", G_TYPE_UINT,
      to_mb(notice.reading.accelerator_bytes), "action", G_TYPE_STRING, action_name(notice.action),
      "frame", G_TYPE_UINT64, static_cast<guint64>(notice.frame), "reserve-mb", G_TYPE_UINT,
      notice.reserve_mb, "cause", G_TYPE_STRING,
      notice.cause == MemoryCause::Reserve ? "reserve" : "use", "step", G_TYPE_STRING,
      memory_step_name(notice.step), nullptr);
}

ElementErrorCode no_space_left() {
  return element_error_code(ErrorKind::OutOfMemory);
}

// Likeliest first: an array, for a list has no order.
void set_tags(GstStructure* structure, const GstJetsonCaptionMeta& meta) {
  GValue tags = G_VALUE_INIT;
  g_value_init(&tags, GST_TYPE_ARRAY);
  for (guint i = 0; i < gst_jetson_caption_meta_get_n_tags(&meta); i++) {
    GValue tag = G_VALUE_INIT;
    g_value_init(&tag, GST_TYPE_STRUCTURE);
    g_value_take_boxed(
        &tag,
        gst_structure_new("tag", "tag", G_TYPE_STRING, gst_jetson_caption_meta_get_tag(&meta, i),
                          "probability", G_TYPE_DOUBLE,
                          gst_jetson_caption_meta_get_tag_probability(&meta, i), nullptr));
    gst_value_array_append_and_take_value(&tags, &tag);
  }
  gst_structure_take_value(structure, "tags", &tags);
}

void post_caption(GstElement* element, const FrameCaption& caption) {
  GstStructure* structure = gst_structure_new(
      "jetsoncaption", "caption", G_TYPE_STRING, caption.text(), "confidence", G_TYPE_DOUBLE,
      caption.confidence(), "timestamp", G_TYPE_UINT64, static_cast<guint64>(caption.job.timestamp),
      "stream-time", G_TYPE_UINT64, static_cast<guint64>(caption.job.stream_time), "running-time",
      G_TYPE_UINT64, static_cast<guint64>(caption.job.running_time), "frame", G_TYPE_UINT64,
      static_cast<guint64>(caption.job.frame), "inference-time-ms", G_TYPE_DOUBLE,
      caption.inference_ms(), "truncated", G_TYPE_BOOLEAN,
      static_cast<gboolean>(caption.caption.is_truncated()), "hedged", G_TYPE_BOOLEAN,
      static_cast<gboolean>(caption.caption.is_hedged()), "changed", G_TYPE_BOOLEAN,
      static_cast<gboolean>(caption.changed), "model", G_TYPE_STRING, caption.model.c_str(),
      nullptr);
  set_tags(structure, caption.caption.meta());
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

}  // namespace

const char* memory_step_name(MemoryStep step) {
  switch (step) {
    case MemoryStep::None:
      return "none";
    case MemoryStep::Warn:
      return "warn";
    case MemoryStep::Trim:
      return "trim";
    case MemoryStep::SlowDown:
      return "slow-down";
    case MemoryStep::Greedy:
      return "greedy";
    case MemoryStep::Pause:
      return "pause";
    case MemoryStep::Unload:
      return "unload";
  }
  return "";
}

void BusMessages::load_started() {
  post_progress(element_, GST_PROGRESS_TYPE_START, "Loading the model");
}

void BusMessages::load_finished(const EngineInfo& engine, bool first) {
  const std::string loaded = engine.model_name + ": " + engine.precision + " on " + engine.device +
                             ", " + engine.kernels + ", " + engine.version;
  GST_INFO_OBJECT(element_, "loaded %s", loaded.c_str());
  post_progress(element_, GST_PROGRESS_TYPE_COMPLETE, "Loaded the model " + loaded);
  if (first && engine.self_test == JETSONCAPTION_ENGINE_SELF_TEST_FAILED)
    post(element_, GST_MESSAGE_WARNING, {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED},
         engine.self_test_failure,
         "Frames are captioned all the same. `jetsoncaption doctor` says what else may be wrong.",
         nullptr);
}

void BusMessages::load_failed(const Error& error, bool goes_on) {
  post_progress(element_, GST_PROGRESS_TYPE_ERROR, "The model was not loaded");
  if (!goes_on) {
    post_error(element_, error);
    return;
  }
  post(element_, GST_MESSAGE_WARNING, element_error_code(error.kind),
       error.message + " The video goes on without new captions.",
       error.kind == ErrorKind::Lost
           ? "The worker process is started again, with growing pauses."
           : "The model is not there. It is tried again, with growing pauses.",
       nullptr);
}

void BusMessages::load_cancelled() {
  post_progress(element_, GST_PROGRESS_TYPE_CANCELED, "The element was stopped");
}

void BusMessages::model_kept(const Error& error) {
  post_progress(element_, GST_PROGRESS_TYPE_ERROR, "The model was not changed");
  post_kept_model(element_, error, true);
}

void BusMessages::moved_to_cpu(const EngineInfo& engine) {
  post(element_, GST_MESSAGE_WARNING, no_space_left(), engine.device_fallback,
       "Captions go on with precision " + engine.precision + " and " + engine.kernels +
           " kernels. The GPU is tried again when the element starts again.",
       nullptr);
}

void BusMessages::made_modest(const std::string& cause) {
  post(element_, GST_MESSAGE_WARNING, element_error_code(ErrorKind::Lost),
       "The worker process has ended several times, one soon after the other. It is started with "
       "precision=int8, device=cpu and threads=1 from here on. The cause: " +
           cause,
       "What was asked for is tried again when the element starts again or its model is changed.",
       nullptr);
}

void BusMessages::caption_overdue(const Overdue& overdue) {
  post(element_, GST_MESSAGE_WARNING, {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED},
       "No caption has come for " + std::to_string(overdue.waited.count()) + " s, " +
           (overdue.is_loading ? "for a model is still loaded" : "though frames were handed over") +
           ": the engine hangs, or this machine is too slow for "
           "the model. In live mode frames go on with the caption before. With isolation=process "
           "an engine that hangs is ended after worker-timeout and started again.",
       "Reported once until there is a caption again.", nullptr);
}

void BusMessages::captioned(const FrameCaption& caption) {
  GST_DEBUG_OBJECT(element_, "frame %" G_GUINT64_FORMAT ": %s", caption.job.frame, caption.text());
  const Settings settings = settings_.copy();
  if (caption.confidence() < settings.min_confidence)
    return;
  if (settings.post_messages)
    post_caption(element_, caption);
  g_signal_emit_by_name(element_, "caption", caption.text(), caption.confidence(),
                        static_cast<guint64>(caption.job.timestamp));
}

void BusMessages::caption_failed(const CaptionFailure& failure) {
  const std::string pause = in_seconds(failure.pause);
  const std::string next =
      failure.error.kind == ErrorKind::Lost
          ? "The worker process is started again in " + pause + "."
          : "Not tried again in live mode, and not reported again in every-frame mode, for " +
                pause + ".";
  post(element_, GST_MESSAGE_WARNING, element_error_code(failure.error.kind),
       "Frame " + std::to_string(failure.frame) + " could not be described: " +
           failure.error.message + " The video goes on with the caption before.",
       next, nullptr);
}

void BusMessages::no_swap(const MemoryTotals& totals) {
  post(element_, GST_MESSAGE_WARNING, no_space_left(),
       "This machine has " + std::to_string(to_mb(totals.total_bytes)) +
           " MB of memory and no swap: what does not fit for a moment, a model that is being "
           "loaded for example, ends programs. Switch zram or a swap file on.",
       "Reported once.", nullptr);
}

void BusMessages::memory_changed(const MemoryNotice& notice) {
  const std::string text = limit_text(notice) + step_text(notice);
  if (notice.is_worse)
    post(element_, GST_MESSAGE_WARNING, no_space_left(), text + remedy_text(notice.cause),
         hysteresis_text(notice.cause), memory_details(notice));
  else
    post(element_, GST_MESSAGE_INFO, no_space_left(), text, "", memory_details(notice));
}

void post_late_setting(GstElement* element, const char* property) {
  post(element, GST_MESSAGE_WARNING, {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS},
       std::string("The property ") + property +
           " was set while the element runs. It takes effect when the element starts again: set "
           "it before, or go to READY and back.",
       "", nullptr);
}

void post_kept_model(GstElement* element, const Error& error, bool is_there) {
  post(element, GST_MESSAGE_WARNING, element_error_code(error.kind),
       error.message + (is_there ? " The model before goes on describing."
                                 : " The model before could not be loaded either."),
       "The property model was set while the element runs.", nullptr);
}

void post_unreadable_frames(GstElement* element, const Error& error) {
  post(element, GST_MESSAGE_WARNING, {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT},
       "Frames pass without new captions. " + error.message, "Reported once until the caps change.",
       nullptr);
}

void post_undrawable_frames(GstElement* element, const Error& error) {
  post(element, GST_MESSAGE_WARNING, {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT},
       "Captions are not drawn, but go on as metadata and messages. " + error.message,
       "Reported once until the caps change.", nullptr);
}

void post_late_frames(GstElement* element, int64_t late_by_ns) {
  post(element, GST_MESSAGE_WARNING, {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED},
       "The sink says that frames come " +
           std::to_string(GST_TIME_AS_MSECONDS(std::max<int64_t>(late_by_ns, 0))) +
           " ms too late, all of them for two seconds. Only one frame every two seconds is "
           "described while that lasts. An element whose latency is not known, or a machine that "
           "is too slow, makes frames late: set processing-deadline or ts-offset of the sink to "
           "more than that time, or its properties qos or sync to false, or the latency of the "
           "pipeline with gst_pipeline_set_latency().",
       "Reported once until the element starts again.", nullptr);
}

void post_error(GstElement* element, const Error& error) {
  post(element, GST_MESSAGE_ERROR, element_error_code(error.kind), error.message, "", nullptr);
}

}  // namespace jetsoncaption
