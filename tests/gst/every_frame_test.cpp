// SPDX-License-Identifier: LGPL-2.1-or-later
// In every-frame mode each due frame carries its own caption, the same on every run.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

Color color_of(int frame) {
  return {static_cast<uint8_t>(10 * frame), 20, 30};
}

std::vector<std::string> captions_of_run(const PropertyValues& properties, int frames) {
  CaptionHarness harness(properties);
  std::vector<std::string> captions;
  for (int i = 0; i < frames; i++) {
    GstBuffer* passed = harness.pass(color_of(i));
    captions.push_back(caption_of(passed));
    gst_buffer_unref(passed);
  }
  return captions;
}

TEST(EveryFrameMode, GivesEachFrameItsOwnCaption) {
  const auto captions =
      captions_of_run({{"model", "fake:delay-ms=5"}, {"mode", "every-frame"}}, 10);
  for (int i = 0; i < 10; i++)
    EXPECT_EQ(captions[i], average_text(color_of(i)));
}

TEST(EveryFrameMode, GivesTheSameCaptionsOnEveryRun) {
  const PropertyValues properties = {{"model", "fake:count=1;fail-every=4;delay-ms=2"},
                                     {"mode", "every-frame"},
                                     {"interval", "2"}};
  EXPECT_EQ(captions_of_run(properties, 20), captions_of_run(properties, 20));
}

TEST(EveryFrameMode, DescribesEveryNthFrame) {
  const auto captions =
      captions_of_run({{"model", "fake:"}, {"mode", "every-frame"}, {"interval", "3"}}, 9);
  for (int i = 0; i < 9; i++)
    EXPECT_EQ(captions[i], average_text(color_of(i - i % 3)));
}

TEST(EveryFrameMode, PostsTheCaptionBeforeTheFrameGoesOn) {
  CaptionHarness harness({{"model", "fake:delay-ms=5"}, {"mode", "every-frame"}});
  for (int i = 0; i < 5; i++) {
    harness.pass_and_drop(color_of(i));
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 1);
  }
}

TEST(EveryFrameMode, LetsFramesPassWhoseCaptionFails) {
  const auto captions =
      captions_of_run({{"model", "fake:fail-every=2"}, {"mode", "every-frame"}}, 6);
  for (int i = 0; i < 6; i++)
    EXPECT_EQ(captions[i], average_text(color_of(i - i % 2))) << "a failure keeps the one before";
}

TEST(EveryFrameMode, WarnsOfAFailureButNotOfEachOne) {
  CaptionHarness harness({{"model", "fake:fail-every=1"}, {"mode", "every-frame"}});
  for (int i = 0; i < 10; i++)
    harness.pass_and_drop(color_of(i));
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

// Pushes a frame whose caption takes a minute on a thread of its own, as upstream would.
class WaitingFrame {
 public:
  explicit WaitingFrame(CaptionHarness& harness)
      : thread_([&harness, this] {
          result_ = gst_harness_push(harness.harness(), harness.make_frame(color_of(1)));
        }) {
    g_usleep(50000);  // most likely it waits by then; if not, the tests below still hold
  }

  GstFlowReturn join() {
    thread_.join();
    return result_;
  }

 private:
  GstFlowReturn result_ = GST_FLOW_ERROR;
  std::thread thread_;
};

constexpr gint64 kFarBelowTheDelay = 20 * G_USEC_PER_SEC;

TEST(EveryFrameMode, AFlushEndsTheWait) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "every-frame"}});
  const gint64 begin = g_get_monotonic_time();
  WaitingFrame frame(harness);

  gst_harness_push_event(harness.harness(), gst_event_new_flush_start());
  EXPECT_EQ(frame.join(), GST_FLOW_FLUSHING);

  EXPECT_LT(g_get_monotonic_time() - begin, kFarBelowTheDelay);
  gst_harness_push_event(harness.harness(), gst_event_new_flush_stop(TRUE));
}

TEST(EveryFrameMode, GoesOnAfterAFlush) {
  CaptionHarness harness({{"model", "fake:count=1"}, {"mode", "every-frame"}, {"interval", "10"}});
  harness.pass_and_drop(color_of(1));
  gst_harness_push_event(harness.harness(), gst_event_new_flush_start());
  EXPECT_EQ(harness.get_string("caption"), "") << "it described another place in the stream";
  gst_harness_push_event(harness.harness(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness.harness(), gst_event_new_segment(&segment));

  GstBuffer* passed = harness.pass(color_of(2));

  EXPECT_EQ(caption_of(passed), average_text(color_of(2)) + " 1") << "due at once";
  gst_buffer_unref(passed);
}

TEST(EveryFrameMode, StoppingEndsTheWait) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "every-frame"}});
  const gint64 begin = g_get_monotonic_time();
  WaitingFrame frame(harness);

  gst_element_set_state(harness.get(), GST_STATE_NULL);
  EXPECT_EQ(frame.join(), GST_FLOW_FLUSHING);

  EXPECT_LT(g_get_monotonic_time() - begin, kFarBelowTheDelay);
}

}  // namespace
}  // namespace jetsoncaption
