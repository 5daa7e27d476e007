// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets a million different captions go through the element: metadata, messages, the property and
// the picture that is drawn. Memory at the end is what it was at the beginning.
//
//   GST_PLUGIN_PATH=build/gst/plugin JETSONCAPTION_ENGINE=build/tests/fakes/libfake-engine.so
//     build/tests/bench/many_captions [CAPTIONS]
//
// The engine is the fake one, which counts. Exit code 1: memory grew by more than 1 MB after the
// first tenth.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gst/check/gstharness.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>

#include "bench/process_figures.h"

using namespace jetsoncaption;

namespace {

constexpr size_t kFrameBytes = size_t{64} * 48 * 3;
constexpr double kMostGrowth = 1;  // MB

// What an application does with a caption. Returns whether it differs from the one before.
bool look_at(GstElement* element, GstBus* bus, GstBuffer* frame, std::string& before) {
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame);
  const std::string text = meta != nullptr ? meta->text : "";
  gchar* property = nullptr;
  g_object_get(element, "caption", &property, nullptr);
  g_free(property);
  while (GstMessage* message = gst_bus_pop(bus)) {
    if (const GstStructure* structure = gst_message_get_structure(message))
      g_free(gst_structure_to_string(structure));
    gst_message_unref(message);
  }
  const bool differs = text != before;
  before = text;
  return differs;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int captions = argc > 1 ? std::max(100, std::atoi(argv[1])) : 1'000'000;
  GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
  if (element == nullptr) {
    std::fprintf(stderr, "There is no element jetsoncaption: set GST_PLUGIN_PATH.\n");
    return 2;
  }
  gst_util_set_object_arg(G_OBJECT(element), "mode", "every-frame");
  g_object_set(element, "model", "fake:count=1", nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  GstHarness* harness = gst_harness_new_with_element(element, "sink", "src");
  gst_harness_set_src_caps_str(harness, "video/x-raw,format=RGB,width=64,height=48,framerate=30/1");

  std::string before;
  int different = 0;
  double after_tenth = 0;
  double now = 0;
  for (int i = 0; i < captions; ++i) {
    GstBuffer* frame = gst_harness_create_buffer(harness, kFrameBytes);
    GST_BUFFER_PTS(frame) = static_cast<guint64>(i) * GST_SECOND / 30;
    if (gst_harness_push(harness, frame) != GST_FLOW_OK)
      break;
    GstBuffer* passed = gst_harness_pull(harness);
    different += look_at(element, bus, passed, before) ? 1 : 0;
    gst_buffer_unref(passed);
    if ((i + 1) % (captions / 10) != 0)
      continue;
    now = megabytes("/proc/self/smaps_rollup", "Private_Dirty");
    if (i + 1 == captions / 10)
      after_tenth = now;
    std::printf("%d captions, %d different: private memory %.2f MB\n", i + 1, different, now);
    std::fflush(stdout);
  }
  gst_harness_teardown(harness);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
  return different >= captions - 1 && now - after_tenth <= kMostGrowth ? 0 : 1;
}
