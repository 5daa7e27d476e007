// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs pipelines, waits at their bus, and turns their errors into sentences.
#include "tools/running_pipeline.h"

#include <cstring>
#include <mutex>
#include <utility>

#include <gst/app/gstappsink.h>

#include "tools/orientation.h"

namespace jetsoncaption {

namespace {

// A camera or decoder that gives nothing for so long will not give anything any more.
constexpr GstClockTime kPatience = 30 * GST_SECOND;

// Turns an error message of a pipeline into ours.
Error describe_failure(const std::string& name, GstMessage* message) {
  GError* error = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message, &error, &details);
  const bool not_negotiated =
      details != nullptr && std::strstr(details, "not-negotiated") != nullptr;
  g_free(details);
  const bool no_plugin = g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN) ||
                         g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND);
  const bool no_access = error->domain == GST_RESOURCE_ERROR;
  const std::string text = error->message;
  g_clear_error(&error);
  if (no_plugin) {
    return {ErrorKind::Unsupported,
            name +
                " has no pictures in it, or needs a decoder that GStreamer does not have here (" +
                text + "); most videos can be read with the package gstreamer1.0-libav."};
  }
  if (no_access)
    return {ErrorKind::NotFound, name + " cannot be read: " + text};
  if (not_negotiated) {
    return {ErrorKind::InvalidArgument,
            name +
                " cannot be decoded to frames of at most 8192x8192 pixels: it is larger, or "
                "damaged, or neither a picture nor a video."};
  }
  return {ErrorKind::InvalidArgument,
          name + " is not a picture or video that can be decoded, or it is damaged: " + text};
}

GstFlowReturn post_frame_message(GstAppSink* sink, gpointer) {
  gst_element_post_message(
      GST_ELEMENT(sink),
      gst_message_new_application(GST_OBJECT(sink), gst_structure_new_empty("frame")));
  return GST_FLOW_OK;
}

}  // namespace

Result<void> initialise_gstreamer() {
  static std::once_flag once;
  static std::string failure;
  std::call_once(once, [] {
    GError* error = nullptr;
    if (!gst_init_check(nullptr, nullptr, &error)) {
      failure = error != nullptr ? error->message : "no reason given";
      g_clear_error(&error);
    }
  });
  if (failure.empty())
    return {};
  return Error{ErrorKind::Internal, "GStreamer does not start: " + failure + "."};
}

bool has_element(const char* name) {
  GstElementFactory* factory = gst_element_factory_find(name);
  if (factory == nullptr)
    return false;
  gst_object_unref(factory);
  return true;
}

Result<std::unique_ptr<RunningPipeline>> RunningPipeline::create(const std::string& name,
                                                                 const std::string& description) {
  GError* error = nullptr;
  GstElement* pipeline =
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (pipeline == nullptr) {
    const std::string text = error != nullptr ? error->message : "no reason given";
    g_clear_error(&error);
    return Error{ErrorKind::Unsupported,
                 name + " cannot be read with the GStreamer plugins of this machine (" + text +
                     "); install the packages gstreamer1.0-plugins-base and "
                     "gstreamer1.0-plugins-good."};
  }
  return std::make_unique<RunningPipeline>(name, pipeline);
}

RunningPipeline::RunningPipeline(std::string name, GstElement* pipeline)
    : name_(std::move(name)),
      pipeline_(pipeline),
      sink_(gst_bin_get_by_name(GST_BIN(pipeline), "sink")),
      bus_(gst_element_get_bus(pipeline)) {
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = post_frame_message;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink_), &callbacks, nullptr, nullptr);
}

RunningPipeline::~RunningPipeline() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
  gst_object_unref(bus_);
  gst_object_unref(sink_);
  gst_object_unref(pipeline_);
}

GstElement* RunningPipeline::element(const char* name) const {
  GstElement* found = gst_bin_get_by_name(GST_BIN(pipeline_), name);
  if (found != nullptr)
    gst_object_unref(found);  // the pipeline keeps it alive
  return found;
}

void RunningPipeline::play() {
  gst_element_set_state(pipeline_, GST_STATE_PLAYING);
}

Result<GstSample*> RunningPipeline::pull() {
  const auto wanted =
      static_cast<GstMessageType>(GST_MESSAGE_APPLICATION | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  while (!ended_) {
    GstMessage* message = gst_bus_timed_pop_filtered(bus_, kPatience, wanted);
    if (message == nullptr)
      return Error{ErrorKind::Internal, name_ + " gave no picture for 30 seconds."};
    const GstMessageType type = GST_MESSAGE_TYPE(message);
    if (type == GST_MESSAGE_ERROR) {
      Error error = describe_failure(name_, message);
      gst_message_unref(message);
      return error;
    }
    gst_message_unref(message);
    if (type == GST_MESSAGE_EOS)
      break;
    // Of a camera the frame may be gone already, because a newer one replaced it.
    if (GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink_), 0))
      return sample;
  }
  ended_ = true;
  return static_cast<GstSample*>(nullptr);
}

int RunningPipeline::orientation() const {
  int orientation = 1;
  GstPad* pad = gst_element_get_static_pad(sink_, "sink");
  // One event for the stream, one for the file.
  for (guint i = 0; GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_TAG, i); ++i) {
    GstTagList* tags = nullptr;
    gst_event_parse_tag(event, &tags);
    gchar* name = nullptr;
    if (gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &name))
      orientation = orientation_named(name);
    g_free(name);
    gst_event_unref(event);
  }
  gst_object_unref(pad);
  return orientation;
}

}  // namespace jetsoncaption
