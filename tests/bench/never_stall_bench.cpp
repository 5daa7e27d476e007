// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures how long the element holds up frames of a live 1080p camera while the model is slow.
//
//   GST_PLUGIN_PATH=build/gst/plugin JETSONCAPTION_ENGINE=build/tests/fakes/libfake-engine.so
//     build/tests/bench/never_stall_bench [SECONDS]
//
// A caption takes 2 seconds here. Prints the 50th and 99th percentile and the longest time added
// to a buffer, without and with overlay.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

namespace {

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;
constexpr int kFramesPerSecond = 30;

// Pushes frames at the pace of a camera, and returns the time each one took through the element.
std::vector<gint64> measure(GstHarness* harness, int frames) {
  std::vector<gint64> times_us;
  const gint64 begin = g_get_monotonic_time();
  for (int i = 0; i < frames; i++) {
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, kWidth * kHeight * 3 / 2, nullptr);
    gst_buffer_memset(frame, 0, 100, kWidth * kHeight * 3 / 2);
    GST_BUFFER_PTS(frame) = gst_util_uint64_scale(i, GST_SECOND, kFramesPerSecond);

    const gint64 due = begin + G_USEC_PER_SEC * i / kFramesPerSecond;
    const gint64 early = due - g_get_monotonic_time();
    if (early > 0)
      g_usleep(static_cast<gulong>(early));

    const gint64 pushed = g_get_monotonic_time();
    const GstFlowReturn flow = gst_harness_push(harness, frame);
    times_us.push_back(g_get_monotonic_time() - pushed);
    GstBuffer* passed = gst_harness_try_pull(harness);
    if (flow != GST_FLOW_OK || passed == nullptr) {
      std::fprintf(stderr, "Frame %d was lost.\n", i);
      std::exit(1);
    }
    gst_buffer_unref(passed);
  }
  return times_us;
}

void run(bool overlay, int seconds) {
  GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
  if (element == nullptr) {
    std::fprintf(stderr, "There is no element jetsoncaption: set GST_PLUGIN_PATH.\n");
    std::exit(2);
  }
  gst_util_set_object_arg(G_OBJECT(element), "mode", "live");
  g_object_set(element, "model", "fake:delay-ms=2000;count=1", "overlay", overlay, nullptr);
  GstHarness* harness = gst_harness_new_with_element(element, "sink", "src");
  gst_harness_set_src_caps_str(harness,
                               "video/x-raw, format=NV12, width=1920, height=1080, framerate=30/1");

  std::vector<gint64> times_us = measure(harness, seconds * kFramesPerSecond);
  std::sort(times_us.begin(), times_us.end());
  const size_t count = times_us.size();
  std::printf("overlay=%-5s  frames %zu  p50 %.3f ms  p99 %.3f ms  max %.3f ms\n",
              overlay ? "true" : "false", count, times_us[count / 2] / 1000.0,
              times_us[count * 99 / 100] / 1000.0, times_us.back() / 1000.0);

  gst_harness_teardown(harness);
  gst_object_unref(element);
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  run(false, seconds);
  run(true, seconds);
  return 0;
}
