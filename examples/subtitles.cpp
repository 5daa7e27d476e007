// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes what is seen in a video as subtitles (SubRip), one for each sentence that differs from the
// one before:
//
//   subtitles holiday.mp4 > holiday.srt
#include <cstdio>
#include <memory>
#include <string>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

static std::string srt_time(GstClockTime time) {
  const unsigned long long ms = GST_TIME_AS_MSECONDS(time);
  char text[32];
  std::snprintf(text, sizeof text, "%02llu:%02llu:%02llu,%03llu", ms / 3600000, ms / 60000 % 60,
                ms / 1000 % 60, ms % 1000);
  return text;
}

// Of the streaming thread while the pipeline plays, and of main() after that.
struct Subtitles {
  int count = 0;
  std::string text;
  GstClockTime start = 0;
  GstClockTime end = 0;  // of the newest frame

  // By stream time, where players are: timestamps of some files do not begin at 0.
  void add(const GstSegment& segment, GstBuffer* frame) {
    const GstClockTime time =
        gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(frame));
    if (!GST_CLOCK_TIME_IS_VALID(time))
      return;
    const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame);
    const std::string seen = meta ? gst_jetson_caption_meta_get_text(meta) : "";
    if (seen != text) {
      end = time;
      finish();
      text = seen;
      start = end;
    }
    end = time + (GST_BUFFER_DURATION_IS_VALID(frame) ? frame->duration : 0);
  }

  void finish() {
    if (!text.empty())
      std::printf("%d\n%s --> %s\n%s\n\n", ++count, srt_time(start).c_str(), srt_time(end).c_str(),
                  text.c_str());
  }
};

static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer subtitles) {
  const Owned<GstEvent> event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);  // there is always one before a buffer
  static_cast<Subtitles*>(subtitles)->add(*segment, GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_OK;
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 2) {
    std::fprintf(stderr, "Usage: %s VIDEO > SUBTITLES.srt\n", argv[0]);
    return 2;
  }
  // Two sentences a second for a video of 30 frames a second. Frames wait for them in this mode.
  GError* problem = nullptr;
  Owned<GstElement> pipeline(gst_parse_launch(
      "filesrc name=file ! decodebin caps=video/x-raw expose-all-streams=false ! videoconvert ! "
      "jetsoncaption name=captions mode=every-frame interval=15 overlay=false ! fakesink",
      &problem));
  Owned<GError> error(problem);
  if (!error) {
    Owned<GstElement> file(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file"));
    Owned<GstElement> captions(gst_bin_get_by_name(GST_BIN(pipeline.get()), "captions"));
    Owned<GstPad> pad(gst_element_get_static_pad(captions.get(), "src"));
    g_object_set(file.get(), "location", argv[1], nullptr);
    Subtitles subtitles;
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_frame, &subtitles, nullptr);

    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
    Owned<GstMessage> last(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);  // no probe runs after this
    subtitles.finish();
    if (GST_MESSAGE_TYPE(last.get()) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(last.get(), &problem, nullptr);
      error.reset(problem);
    }
  }
  if (error)
    std::fprintf(stderr, "%s\n", error->message);
  return error ? 1 : 0;
}
