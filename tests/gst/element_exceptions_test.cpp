// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that runs out in the middle of anything ends neither a thread nor the process: whatever
// allocation fails, frames pass.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "allocation_failure.h"
#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

// Calls `body` with each allocation failing in turn, until it needs no more of them. At most so
// many, for a body whose threads allocate as long as they run.
template <typename Body>
int with_each_allocation_failing(bool in_test_thread, int most, Body&& body) {
  for (int number = 0; number < most; number++) {
    SCOPED_TRACE("allocation " + std::to_string(number));
    if (!body(number, in_test_thread))
      return number;
  }
  return most;
}

// The session's thread: while it loads, reads fonts, describes and tells.
TEST(Exceptions, OfTheSessionsThreadAreSurvived) {
  const int allocations = with_each_allocation_failing(false, 300, [](int number, bool in_test) {
    CaptionElement element({{"model", "fake:text=a dog"}, {"mode", "live"}, {"attention", "true"}});
    fail_allocation(number, in_test);
    EXPECT_NE(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    GstHarness* harness = gst_harness_new_with_element(element.get(), "sink", "src");
    gst_harness_set_src_caps_str(harness,
                                 "video/x-raw, format=GRAY8, width=32, height=32, framerate=30/1");
    element.wait_until_loaded();
    for (int i = 0; i < 200 && allocations_left >= 0; i++) {
      GstBuffer* frame = gst_buffer_new_allocate(nullptr, 32 * 32, nullptr);
      gst_buffer_memset(frame, 0, 100, 32 * 32);
      const GstFlowReturn flow = gst_harness_push(harness, frame);
      if (flow != GST_FLOW_OK) {
        EXPECT_EQ(element.state(), "failed") << "the model could not be loaded";
        EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 1) << "which was told";
        break;
      }
      gst_buffer_unref(gst_harness_pull(harness));
      if (element.stat("captions") > 1)
        break;
      g_usleep(200);
    }
    const bool has_failed = stop_failing();
    gst_element_set_state(element.get(), GST_STATE_NULL);
    gst_harness_teardown(harness);
    return has_failed;
  });
  EXPECT_GT(allocations, 20) << "nothing was tested";
  EXPECT_LT(allocations, 300) << "not all was tested";
}

long threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, 8, "Threads:") == 0)
      return std::stol(line.substr(8));
  }
  return 0;
}

TEST(Exceptions, OfAStartLeaveNoThreadBehind) {
  const int allocations = with_each_allocation_failing(true, 300, [](int number, bool in_test) {
    const long threads = threads_of_process();
    bool has_failed = false;
    {
      // Longer than what a string holds without asking the heap.
      CaptionElement element({{"model", "fake:text=a dog runs over the grass"}, {"mode", "live"}});
      fail_allocation(number, in_test);
      gst_element_set_state(element.get(), GST_STATE_PAUSED);
      has_failed = stop_failing();
      gst_element_set_state(element.get(), GST_STATE_NULL);
    }
    for (int i = 0; i < 2000 && threads_of_process() > threads; i++)
      g_usleep(1000);
    EXPECT_LE(threads_of_process(), threads);
    return has_failed && threads_of_process() <= threads;
  });
  EXPECT_GT(allocations, 20) << "nothing was tested";
}

TEST(Exceptions, OfPropertiesAreSurvived) {
  const int allocations = with_each_allocation_failing(true, 300, [](int number, bool in_test) {
    CaptionElement element(PropertyValues{{"model", "fake:text=a dog"}});
    fail_allocation(number, in_test);
    g_object_set(element.get(), "model", "fake:a text that is longer than what a string holds",
                 "font-desc", "Sans Bold Italic 24, or whatever is longer than that", nullptr);
    gchar* model = nullptr;
    GstStructure* stats = nullptr;
    g_object_get(element.get(), "model", &model, "stats", &stats, nullptr);
    const bool has_failed = stop_failing();
    EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 0) << "of a property ends no stream";
    g_free(model);
    if (stats != nullptr)
      gst_structure_free(stats);
    return has_failed;
  });
  EXPECT_GT(allocations, 2) << "nothing was tested";
}

// The streaming thread: caps, events, frames and what stands on them.
TEST(Exceptions, OfTheStreamingThreadLoseNoFrame) {
  const int allocations = with_each_allocation_failing(true, 2000, [](int number, bool in_test) {
    CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
    harness.pass_and_drop(kGray);
    GstBuffer* frame = harness.make_frame(kGray);
    harness.set("font-desc", "Sans Bold Italic 24, or whatever is longer than a string holds");
    fail_allocation(number, in_test);
    const GstFlowReturn flow = gst_harness_push(harness.harness(), frame);
    const bool has_failed = stop_failing();
    EXPECT_EQ(flow, GST_FLOW_OK);
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0) << "applications stop at an error";
    GstBuffer* passed = gst_harness_try_pull(harness.harness());
    EXPECT_NE(passed, nullptr);
    if (passed != nullptr)
      gst_buffer_unref(passed);
    return has_failed;
  });
  EXPECT_GT(allocations, 2) << "nothing was tested";
  EXPECT_LT(allocations, 2000) << "not all was tested";
}

}  // namespace
}  // namespace jetsoncaption
