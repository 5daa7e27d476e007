// SPDX-License-Identifier: LGPL-2.1-or-later
// Start, play, seek, relink, stop, again and again: nothing hangs, complains, gathers or is left.
//
//   JETSONCAPTION_SOAK_CYCLES=1000 G_DEBUG=fatal-criticals GST_TRACERS=leaks
//     build/tests/pipelines/soak_test
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "load_plugins.h"
#include "plugin/compat.h"

#include <unistd.h>

namespace {

struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename T>
using Ref = std::unique_ptr<T, ObjectUnref>;

int cycles_to_run() {
  const char* cycles = std::getenv("JETSONCAPTION_SOAK_CYCLES");
  return cycles != nullptr ? std::max(1, std::atoi(cycles)) : 20;
}

// A field of /proc/self/status, in its unit.
long status_of_process(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, field.size() + 1, field + ":") == 0)
      return std::atol(line.c_str() + field.size() + 1);
  }
  return 0;
}

// With a model that takes a moment to load, to describe and to be given up.
constexpr char kModel[] = "fake:create-ms=3;delay-ms=2;destroy-ms=2;count=1;tag=dog";

// A sink that draws compositions, as it says; that of the "bad" plugins need not be there.
gboolean take_compositions(GstBaseSink*, GstQuery* query) {
  gst_query_add_allocation_meta(query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
  return TRUE;
}

GstStaticPadTemplate composition_sink_pad = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition); "
                    "video/x-raw"));

void init_composition_sink(gpointer type_class, gpointer) {
  gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(type_class), &composition_sink_pad);
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(type_class), "Composition sink",
                                        "Sink/Video", "Draws compositions", "tests");
  GST_BASE_SINK_CLASS(type_class)->propose_allocation = take_compositions;
}

void register_composition_sink() {
  const GType type = g_type_register_static_simple(
      GST_TYPE_BASE_SINK, "CompositionSink", sizeof(GstBaseSinkClass), init_composition_sink,
      sizeof(GstBaseSink), nullptr, static_cast<GTypeFlags>(0));
  ASSERT_TRUE(gst_element_register(nullptr, "compositionsink", GST_RANK_NONE, type));
  const Ref<GstElementFactory> factory(gst_element_factory_find("compositionsink"));
  GST_OBJECT_FLAG_SET(factory.get(), GST_OBJECT_FLAG_MAY_BE_LEAKED);  // the registry keeps it
}

std::atomic<int> frames_with_composition{0};

class SoakedPipeline {
 public:
  SoakedPipeline() {
    const std::string description =
        std::string(
            "videotestsrc ! video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "
            "jetsoncaption name=captioner attention=true model=\"") +
        kModel + "\"";
    pipeline_.reset(gst_parse_launch(description.c_str(), nullptr));
    captioner_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "captioner"));
    bus_.reset(gst_element_get_bus(pipeline_.get()));
    const Ref<GstPad> pad(gst_element_get_static_pad(captioner_.get(), "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, count, this, nullptr);
    link_sink();
  }
  ~SoakedPipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  void set_mode(const char* mode) {
    gst_util_set_object_arg(G_OBJECT(captioner_.get()), "mode", mode);
  }

  // Returns how long the application's thread was held up.
  gint64 set_state(GstState state) {
    const gint64 begin = g_get_monotonic_time();
    EXPECT_NE(gst_element_set_state(pipeline_.get(), state), GST_STATE_CHANGE_FAILURE);
    return g_get_monotonic_time() - begin;
  }

  void seek(GstClockTime position) {
    gst_element_get_state(pipeline_.get(), nullptr, nullptr, 20 * GST_SECOND);
    EXPECT_TRUE(gst_element_seek_simple(pipeline_.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                        static_cast<gint64>(position)));
  }

  // Another sink, while frames pass.
  void relink() {
    std::atomic<bool> done{false};
    struct Swap {
      SoakedPipeline* self;
      std::atomic<bool>* done;
    } swap = {this, &done};
    const Ref<GstPad> sink(gst_element_get_static_pad(captioner_.get(), "sink"));
    const Ref<GstPad> before(gst_pad_get_peer(sink.get()));
    gst_pad_add_probe(
        before.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        [](GstPad*, GstPadProbeInfo*, gpointer data) {
          auto* what = static_cast<Swap*>(data);
          what->self->replace_sink();
          *what->done = true;
          return GST_PAD_PROBE_REMOVE;
        },
        &swap, nullptr);
    for (int i = 0; i < 20000 && !done; i++)
      g_usleep(1000);
    ASSERT_TRUE(done) << "no frame came";
  }

  // Fails the test unless captions come from now on, and nobody complains.
  void expect_captions() {
    const int before = captioned_;
    for (int i = 0; i < 20000 && captioned_ < before + 2; i++)
      g_usleep(1000);
    EXPECT_GE(captioned_, before + 2);
    const Ref<GstBus>& bus = bus_;
    while (GstMessage* message = gst_bus_pop_filtered(
               bus.get(), static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING))) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      ADD_FAILURE() << GST_MESSAGE_TYPE_NAME(message) << ": " << (error ? error->message : "");
      g_clear_error(&error);
      gst_message_unref(message);
    }
  }

 private:
  static GstPadProbeReturn count(GstPad*, GstPadProbeInfo* info, gpointer data) {
    if (gst_buffer_get_jetson_caption_meta(GST_PAD_PROBE_INFO_BUFFER(info)) != nullptr)
      static_cast<SoakedPipeline*>(data)->captioned_++;
    if (gst_buffer_get_video_overlay_composition_meta(GST_PAD_PROBE_INFO_BUFFER(info)) != nullptr)
      frames_with_composition++;
    g_usleep(300);
    return GST_PAD_PROBE_OK;
  }

  // Each second one draws compositions itself.
  void link_sink() {
    is_composing_ = !is_composing_;
    sink_ = gst_parse_bin_from_description(
        is_composing_ ? "queue max-size-buffers=4 ! compositionsink sync=false name=end"
                      : "queue max-size-buffers=4 ! identity ! fakesink sync=false name=end",
        TRUE, nullptr);
    const Ref<GstElement> end(gst_bin_get_by_name(GST_BIN(sink_), "end"));
    g_object_set(end.get(), "async", FALSE, nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), sink_);
    gst_element_link(captioner_.get(), sink_);
  }

  void replace_sink() {
    gst_element_unlink(captioner_.get(), sink_);
    gst_element_set_state(sink_, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline_.get()), sink_);
    link_sink();
    gst_element_sync_state_with_parent(sink_);
  }

  Ref<GstElement> pipeline_;
  Ref<GstElement> captioner_;
  Ref<GstBus> bus_;
  GstElement* sink_ = nullptr;  // owned by the pipeline
  bool is_composing_ = false;
  std::atomic<int> captioned_{0};
};

// In turn: in live mode, in every-frame mode, and stopped while the model is loaded.
gint64 run_cycle(SoakedPipeline& pipeline, int cycle) {
  pipeline.set_mode(cycle % 2 == 0 ? "live" : "every-frame");
  gint64 longest = pipeline.set_state(GST_STATE_PLAYING);
  if (cycle % 5 != 4) {
    pipeline.expect_captions();
    pipeline.seek((cycle % 7) * GST_SECOND);
    pipeline.expect_captions();
    pipeline.relink();
    pipeline.expect_captions();
  }
  return std::max(longest, pipeline.set_state(GST_STATE_NULL));
}

// Of the tracer "leaks", when it runs: objects of ours and of pipelines that are still there.
std::string live_objects() {
  std::string names;
  GList* tracers = jetsoncaption::active_tracers();
  for (GList* at = tracers; at != nullptr; at = at->next) {
    if (std::string(G_OBJECT_TYPE_NAME(at->data)) != "GstLeaksTracer")
      continue;
    GstStructure* objects = nullptr;
    g_signal_emit_by_name(at->data, "get-live-objects", &objects);
    const GValue* list = gst_structure_get_value(objects, "live-objects-list");
    for (guint i = 0; list != nullptr && i < gst_value_list_get_size(list); i++) {
      const GValue* entry = gst_value_list_get_value(list, i);
      gchar* text = g_strdup_value_contents(
          gst_structure_get_value(gst_value_get_structure(entry), "object"));
      names += std::string(text) + "\n";
      g_free(text);
    }
    if (!names.empty())
      continue;  // the structure takes away references that are not its own
    gst_structure_free(objects);
  }
  g_list_free_full(tracers, gst_object_unref);
  return names;
}

// So long a thread that nobody waits for may take to end.
void wait_for_threads(long count) {
  for (int i = 0; i < 2000 && status_of_process("Threads") > count; i++)
    g_usleep(1000);
}

// Resident memory says little where another heap keeps what is freed.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMeasuresMemory = false;
#else
constexpr bool kMeasuresMemory = true;
#endif

TEST(Soak, LeavesNothingBehind) {
  gst_init(nullptr, nullptr);
#ifdef JETSONCAPTION_LOAD_PLUGINS_FROM
  ASSERT_TRUE(jetsoncaption::load_plugins(JETSONCAPTION_LOAD_PLUGINS_FROM));
#endif
  ASSERT_NO_FATAL_FAILURE(register_composition_sink());
  const int cycles = cycles_to_run();
  const int warm = std::max(5, cycles / 10);
  long threads = 0;
  long warm_kb = 0;
  gint64 longest_us = 0;
  std::unique_ptr<SoakedPipeline> pipeline;
  for (int cycle = 0; cycle < cycles && !HasFailure(); cycle++) {
    if (cycle % 10 == 0)
      pipeline = std::make_unique<SoakedPipeline>();
    const gint64 took = run_cycle(*pipeline, cycle);
    if (cycle > 0)  // in the first one libraries are opened
      longest_us = std::max(longest_us, took);
    if (cycle + 1 == warm) {
      threads = status_of_process("Threads");
      warm_kb = status_of_process("VmRSS");
    }
  }
  pipeline.reset();
  // A thread of the pool lets go of its task a moment after the pad was stopped: wait for it.
  gst_task_cleanup_all();
  // Two threads of pools may come and go.
  wait_for_threads(threads + 2);
  const long grown_kb = status_of_process("VmRSS") - warm_kb;
  std::printf("%d cycles, longest state change %.1f ms, threads %ld then %ld, resident %+ld kB\n",
              cycles, static_cast<double>(longest_us) / 1000, threads, status_of_process("Threads"),
              grown_kb);
  EXPECT_LE(status_of_process("Threads"), threads + 2);
  if (kMeasuresMemory && std::getenv("LD_PRELOAD") == nullptr) {  // valgrind preloads its heap
    EXPECT_LT(grown_kb, 8 * 1024);
  }
  EXPECT_GT(frames_with_composition, 0);  // each second sink asks for them
  EXPECT_EQ(live_objects(), "");
}

}  // namespace
