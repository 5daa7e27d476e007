// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what a camera sees, and when memory runs short.
//
//   captions [SOURCE [PROPERTIES]]
//   captions "v4l2src ! decodebin" "memory-threshold=800 beam-size=3"
#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

// Each frame carries the newest caption. This runs in the thread of the video, which waits for it.
static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer user_data) {
  const GstJetsonCaptionMeta* meta =
      gst_buffer_get_jetson_caption_meta(GST_PAD_PROBE_INFO_BUFFER(info));
  if (meta != NULL && (gst_jetson_caption_meta_get_flags(meta) & GST_JETSON_CAPTION_FLAG_NEW))
    g_print("frame: %s (confidence %.2f)\n", gst_jetson_caption_meta_get_text(meta),
            gst_jetson_caption_meta_get_confidence(meta));
  return GST_PAD_PROBE_OK;
}

// Messages come to the thread that reads the bus, and tell each caption once.
static void on_caption(const GstStructure* caption) {
  gboolean changed = FALSE;
  gdouble inference_ms = 0.0;
  gst_structure_get(caption, "changed", G_TYPE_BOOLEAN, &changed, "inference-time-ms",
                    G_TYPE_DOUBLE, &inference_ms, NULL);
  if (changed)
    g_print("message: %s (%.1f ms)\n", gst_structure_get_string(caption, "caption"), inference_ms);
}

static void on_warning(GstMessage* message) {
  GError* error = NULL;
  const GstStructure* details = NULL;
  gst_message_parse_warning(message, &error, NULL);
  gst_message_parse_warning_details(message, &details);
  if (details != NULL && gst_structure_has_name(details, "jetsoncaption-memory")) {
    guint used_mb = 0, threshold_mb = 0, available_mb = 0;
    gst_structure_get(details, "used-mb", G_TYPE_UINT, &used_mb, "threshold-mb", G_TYPE_UINT,
                      &threshold_mb, "available-mb", G_TYPE_UINT, &available_mb, NULL);
    g_printerr("memory: %u MB used, the threshold is %u MB, %u MB are left, action: %s\n", used_mb,
               threshold_mb, available_mb, gst_structure_get_string(details, "action"));
  } else {
    g_printerr("warning: %s\n", error->message);
  }
  g_error_free(error);
}

static gboolean on_message(GstMessage* message) {  // FALSE: it was the last one
  GError* error = NULL;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "jetsoncaption"))
        on_caption(gst_message_get_structure(message));
      return TRUE;
    case GST_MESSAGE_WARNING:
      on_warning(message);
      return TRUE;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message, &error, NULL);
      g_printerr("%s\n", error->message);
      g_error_free(error);
      return FALSE;
    default:
      return GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS;
  }
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  gchar* description = g_strdup_printf(
      "%s ! videoconvert ! jetsoncaption name=captions overlay=false %s ! fakesink sync=true",
      argc > 1 ? argv[1] : "videotestsrc num-buffers=5", argc > 2 ? argv[2] : "");
  GError* error = NULL;
  GstElement* pipeline = gst_parse_launch(description, &error);
  g_free(description);
  if (error != NULL) {
    g_printerr("%s\n", error->message);
    return 1;
  }

  GstElement* captions = gst_bin_get_by_name(GST_BIN(pipeline), "captions");
  GstPad* pad = gst_element_get_static_pad(captions, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, NULL, NULL);
  gst_object_unref(pad);
  gst_object_unref(captions);

  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  gboolean failed = FALSE;
  for (gboolean running = TRUE; running;) {
    GstMessage* message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
    failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    running = on_message(message);
    gst_message_unref(message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return failed ? 1 : 0;
}
