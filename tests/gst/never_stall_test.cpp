// SPDX-License-Identifier: LGPL-2.1-or-later
// In live mode the video never waits: not for the model, not for a listener, not for memory.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kRed{200, 10, 10};
constexpr Color kBlue{10, 10, 200};

// Passes frames for some time and returns the longest that one of them was held up. The first one
// does not count, because it prepares conversions; were it to wait, so would others.
gint64 longest_delay_us(CaptionHarness& harness, int frames) {
  harness.pass_and_drop(kRed);
  gint64 longest = 0;
  for (int i = 0; i < frames; i++) {
    GstBuffer* frame = harness.make_frame(kRed);
    const gint64 begin = g_get_monotonic_time();
    gst_buffer_unref(harness.pass(frame));
    longest = std::max(longest, g_get_monotonic_time() - begin);
    g_usleep(5000);
  }
  return longest;
}

// Loose, because machines under load are slow; still far below the 2 seconds of the tests.
constexpr gint64 kFarBelowTheDelay = G_USEC_PER_SEC;

TEST(LiveMode, NeverWaitsForTheModel) {
  CaptionHarness harness({{"model", "fake:delay-ms=2000"}, {"mode", "live"}});
  EXPECT_LT(longest_delay_us(harness, 100), kFarBelowTheDelay);
}

TEST(LiveMode, NeverWaitsForTheModelToBeLoaded) {
  const PropertyValues properties = {{"model", "fake:create-ms=2000"}, {"mode", "live"}};
  const gint64 begin = g_get_monotonic_time();
  CaptionElement element(properties);
  GstHarness* harness = gst_harness_new_with_element(element.get(), "sink", "src");
  gst_harness_set_src_caps_str(harness, "video/x-raw, format=GRAY8, width=16, height=16");
  for (int i = 0; i < 10; i++) {
    ASSERT_EQ(gst_harness_push(harness, gst_buffer_new_allocate(nullptr, 256, nullptr)),
              GST_FLOW_OK);
    gst_buffer_unref(gst_harness_pull(harness));
  }
  EXPECT_LT(g_get_monotonic_time() - begin, kFarBelowTheDelay);
  EXPECT_EQ(element.state(), "loading");
  gst_harness_teardown(harness);
}

TEST(LiveMode, NeverWaitsForATrim) {
  CaptionHarness harness({{"model", "fake:trim-ms=2000"},
                          {"mode", "live"},
                          {"memory-threshold", "1"},
                          {"memory-check-interval", "1"}});
  EXPECT_LT(longest_delay_us(harness, 100), kFarBelowTheDelay);
}

TEST(LiveMode, NeverWaitsForSomebodyWhoListensToCaptions) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  gst_bus_set_sync_handler(
      harness.bus(),
      [](GstBus*, GstMessage* message, gpointer) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT)
          g_usleep(2 * G_USEC_PER_SEC);
        return GST_BUS_PASS;
      },
      nullptr, nullptr);
  EXPECT_LT(longest_delay_us(harness, 100), kFarBelowTheDelay);
}

TEST(LiveMode, PassesTheEndOfTheStreamWhileTheModelIsBusy) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "live"}});
  harness.pass_and_drop(kRed);
  EXPECT_TRUE(gst_harness_push_event(harness.harness(), gst_event_new_eos()));
}

TEST(LiveMode, CarriesTheNewestCaptionOnceItIsThere) {
  CaptionHarness harness({{"model", "fake:delay-ms=50"}, {"mode", "live"}});
  GstBuffer* first = harness.pass(kRed);
  EXPECT_EQ(caption_of(first), "");
  gst_buffer_unref(first);

  gst_buffer_unref(harness.pass_until(kRed, average_text(kRed)));
  GstBuffer* frame = harness.pass_until(kBlue, average_text(kBlue));

  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame);
  ASSERT_NE(meta, nullptr);
  EXPECT_TRUE(meta->flags & GST_JETSON_CAPTION_FLAG_NEW);
  EXPECT_LT(meta->timestamp, GST_BUFFER_PTS(frame)) << "a frame before was described";
  gst_buffer_unref(frame);
}

TEST(LiveMode, DescribesAtMostEveryNthFrame) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}, {"interval", "1000"}});
  gst_buffer_unref(harness.pass_until(kRed, average_text(kRed)));
  for (int i = 0; i < 50; i++)
    harness.pass_and_drop(kBlue);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 1);
}

TEST(LiveMode, WarnsOfAFailureAndPausesBeforeItTriesAgain) {
  CaptionHarness harness({{"model", "fake:fail-every=1"}, {"mode", "live"}});
  harness.pass_and_drop(kRed);
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING);
  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  EXPECT_TRUE(g_error_matches(error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED));
  EXPECT_NE(std::string(error->message).find("Scripted failure."), std::string::npos)
      << error->message;
  g_error_free(error);
  gst_message_unref(message);

  for (int i = 0; i < 50; i++)
    harness.pass_and_drop(kRed);
  EXPECT_LE(harness.count_messages(GST_MESSAGE_WARNING), 1) << "one a second at most";
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

TEST(LiveMode, ForgetsTheCaptionAtAFlush) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}, {"interval", "1000"}});
  gst_buffer_unref(harness.pass_until(kRed, average_text(kRed)));
  harness.flush();

  GstBuffer* frame = harness.pass_until(kBlue, average_text(kBlue));
  EXPECT_EQ(caption_of(frame), average_text(kBlue)) << "the first frame after a flush is due";
  gst_buffer_unref(frame);
}

// Answers LATENCY queries in the place of what is upstream.
void answer_latency(CaptionHarness& harness, bool live) {
  gst_pad_add_probe(
      harness.harness()->srcpad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PUSH),
      [](GstPad*, GstPadProbeInfo* info, gpointer is_live) {
        GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
          return GST_PAD_PROBE_OK;
        gst_query_set_latency(query, is_live != nullptr, 0, GST_CLOCK_TIME_NONE);
        return GST_PAD_PROBE_HANDLED;
      },
      GINT_TO_POINTER(live), nullptr);
}

TEST(AutoMode, IsLiveWhenUpstreamIsLive) {
  CaptionHarness harness(PropertyValues{{"model", "fake:delay-ms=60000"}});
  answer_latency(harness, true);
  GstBuffer* passed = harness.pass(kRed);
  EXPECT_EQ(caption_of(passed), "") << "it did not wait";
  gst_buffer_unref(passed);
}

TEST(AutoMode, IsEveryFrameWhenUpstreamIsNotLive) {
  CaptionHarness harness(PropertyValues{{"model", "fake:delay-ms=20"}});
  answer_latency(harness, false);
  GstBuffer* passed = harness.pass(kRed);
  EXPECT_EQ(caption_of(passed), average_text(kRed)) << "it waited";
  gst_buffer_unref(passed);
}

}  // namespace
}  // namespace jetsoncaption
