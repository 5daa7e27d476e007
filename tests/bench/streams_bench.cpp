// SPDX-License-Identifier: LGPL-2.1-or-later
// Several live streams in one process, each with an element of its own: what the elements add to
// the time of a frame, and whether one was lost. For their memory see sharing_bench.cpp.
//
//   build/tests/bench/streams_bench [--streams=4] [--seconds=60] [--fps=60] [--isolation=none]
//                                   [--without]
//
// --without: the same streams with `identity` in the place of the element, to compare with.
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gst/gst.h>

#include "bench/frame_counter.h"

using namespace jetsoncaption;

namespace {

// A frame is black with a bar of one of these brightnesses, which costs little to make; captions of
// them differ.
constexpr guint8 kBars[] = {40, 80, 120, 180, 235};
constexpr size_t kFramesOfABar = 5;
constexpr gsize kBarBytes = 1920 * 360;

struct Options {
  gint streams = 4;
  gint seconds = 60;
  gint fps = 60;
  gchar* isolation = nullptr;
  gboolean without = FALSE;
};

class Stream {
 public:
  explicit Stream(const Options& options) {
    const std::string element =
        options.without != FALSE ? "identity"
                                 : std::string("jetsoncaption isolation=") +
                                       (options.isolation != nullptr ? options.isolation : "none");
    const std::string description =
        "videotestsrc name=source is-live=true pattern=black ! "
        "video/x-raw,format=NV12,width=1920,height=1080,"
        "framerate=" +
        std::to_string(options.fps) + "/1 ! " + element + " name=element ! fakesink sync=true";
    pipeline_ = gst_parse_launch(description.c_str(), nullptr);
    if (pipeline_ != nullptr)
      element_ = gst_bin_get_by_name(GST_BIN(pipeline_), "element");
    if (element_ != nullptr) {
      change_pictures();
      frames_.watch(element_);
    }
  }
  ~Stream() {
    if (pipeline_ != nullptr)
      gst_element_set_state(pipeline_, GST_STATE_NULL);
    for (GstElement* owned : {element_, pipeline_}) {
      if (owned != nullptr)
        gst_object_unref(owned);
    }
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool start() {
    return element_ != nullptr &&
           gst_element_set_state(pipeline_, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  }
  FrameCounter& frames() { return frames_; }
  guint64 stat(const char* field) const {
    GstStructure* stats = nullptr;
    guint64 value = 0;
    g_object_get(element_, "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, field, &value);
    gst_structure_free(stats);
    return value;
  }

 private:
  // So that captions change, and are drawn anew.
  void change_pictures() {
    GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline_), "source");
    GstPad* pad = gst_element_get_static_pad(source, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, draw_bar, this, nullptr);
    gst_object_unref(pad);
    gst_object_unref(source);
  }
  static GstPadProbeReturn draw_bar(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Stream*>(data);
    GstBuffer* frame = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    const size_t bar = self->made_++ / kFramesOfABar;
    gst_buffer_memset(frame, 0, kBars[bar % std::size(kBars)], kBarBytes);
    info->data = frame;
    return GST_PAD_PROBE_OK;
  }

  GstElement* pipeline_ = nullptr;
  GstElement* element_ = nullptr;
  FrameCounter frames_;
  size_t made_ = 0;  // of the source's thread
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const GOptionEntry entries[] = {
      {"streams", 0, 0, G_OPTION_ARG_INT, &options.streams, "how many, 4 if not given", "N"},
      {"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds, "how long, 60 if not given", "N"},
      {"fps", 0, 0, G_OPTION_ARG_INT, &options.fps, "frames a second, 60 if not given", "N"},
      {"isolation", 0, 0, G_OPTION_ARG_STRING, &options.isolation, "none or process", "MODE"},
      {"without", 0, 0, G_OPTION_ARG_NONE, &options.without, "identity instead", nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GOptionContext* context = g_option_context_new("- several live streams of 1080p in one process");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error) != FALSE;
  g_option_context_free(context);
  if (!parsed || options.streams < 1 || options.seconds < 1 || options.fps < 1) {
    std::fprintf(stderr, "streams_bench: %s\n",
                 error != nullptr ? error->message : "numbers begin at 1");
    return 2;
  }

  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < options.streams; ++i) {
    streams.push_back(std::make_unique<Stream>(options));
    if (!streams.back()->start()) {
      std::fprintf(stderr, "streams_bench: stream %d does not start; set GST_PLUGIN_PATH.\n", i);
      return 1;
    }
  }
  g_usleep(static_cast<gulong>(options.seconds) * G_USEC_PER_SEC);

  uint64_t lost = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    FrameCounter& frames = streams[i]->frames();
    lost += frames.lost();
    std::printf(
        "stream %zu: frames %llu of %d, lost %llu, captions %llu; in the element p50 %.2f ms, "
        "p99 %.2f ms, longest %.2f ms\n",
        i, static_cast<unsigned long long>(frames.in()), options.seconds * options.fps,
        static_cast<unsigned long long>(frames.lost()),
        options.without != FALSE ? 0ULL
                                 : static_cast<unsigned long long>(streams[i]->stat("captions")),
        frames.percentile(50), frames.percentile(99), frames.percentile(100));
  }
  streams.clear();
  return lost == 0 ? 0 : 1;
}
