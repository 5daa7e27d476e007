// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element tells the pipeline about its latency, and what it does with quality of service.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

// Answers LATENCY queries in the place of a live source of 10 to 40 ms.
void answer_latency(CaptionHarness& harness) {
  gst_pad_add_probe(
      harness.harness()->srcpad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PUSH),
      [](GstPad*, GstPadProbeInfo* info, gpointer) {
        GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
          return GST_PAD_PROBE_OK;
        gst_query_set_latency(query, TRUE, 10 * GST_MSECOND, 40 * GST_MSECOND);
        return GST_PAD_PROBE_HANDLED;
      },
      nullptr, nullptr);
}

struct Latency {
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = 0;
};

Latency latency_of(CaptionHarness& harness) {
  Latency latency;
  GstQuery* query = gst_query_new_latency();
  EXPECT_TRUE(gst_element_query(harness.get(), query));
  gst_query_parse_latency(query, &latency.live, &latency.least, &latency.most);
  gst_query_unref(query);
  return latency;
}

TEST(Latency, IsThatOfUpstreamInLiveMode) {
  CaptionHarness harness({{"model", "fake:delay-ms=30"}, {"mode", "live"}});
  answer_latency(harness);
  gst_buffer_unref(harness.pass_until(kGray, average_text(kGray)));

  const Latency latency = latency_of(harness);

  EXPECT_TRUE(latency.live);
  EXPECT_EQ(latency.least, 10 * GST_MSECOND);
  EXPECT_EQ(latency.most, 40 * GST_MSECOND);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_LATENCY), 0);
}

TEST(Latency, GrowsByTheTimeOfACaptionInEveryFrameMode) {
  CaptionHarness harness({{"model", "fake:delay-ms=30"}, {"mode", "every-frame"}});
  answer_latency(harness);
  EXPECT_EQ(latency_of(harness).least, 10 * GST_MSECOND) << "nothing was measured yet";

  harness.pass_and_drop(kGray);

  const Latency latency = latency_of(harness);
  EXPECT_GE(latency.least, 40 * GST_MSECOND);
  EXPECT_EQ(latency.most - latency.least, 30 * GST_MSECOND);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_LATENCY), 1) << "the pipeline is told";
  EXPECT_EQ(harness.stat("latency") + 10 * GST_MSECOND, latency.least);
}

TEST(Latency, IsNotThatOfOneSlowCaptionForTheRestOfTheRun) {
  CaptionHarness harness(
      {{"model", "fake:delay-ms=20;slow-at=4;slow-ms=700"}, {"mode", "every-frame"}});
  answer_latency(harness);
  for (int i = 0; i < 8; i++)
    harness.pass_and_drop(kGray);
  EXPECT_LT(latency_of(harness).least, 400 * GST_MSECOND);
}

void tell_late(CaptionHarness& harness, GstClockTime timestamp, GstClockTimeDiff difference) {
  gst_harness_push_upstream_event(
      harness.harness(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, difference, timestamp));
}

uint64_t captions_after(CaptionHarness& harness, int frames) {
  for (int i = 0; i < frames; i++) {
    harness.pass_and_drop(kGray);
    g_usleep(5000);
  }
  return harness.stat("captions");
}

// Of frames that would be late if the sink were still believed: they end before five seconds.
bool has_caption_soon(CaptionHarness& harness) {
  for (int i = 0; i < 100 && harness.stat("captions") == 0; i++) {
    harness.pass_and_drop(kGray);
    g_usleep(20000);
  }
  return harness.stat("captions") > 0;
}

TEST(QualityOfService, LeavesFramesOutThatAreAlreadyLate) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  tell_late(harness, 0, 5 * GST_SECOND);
  EXPECT_EQ(captions_after(harness, 10), 0u) << "frames of the first third of a second";
  EXPECT_EQ(harness.stat("late"), 10u);
}

TEST(QualityOfService, GoesOnWhenTheSinkIsInTimeAgain) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  tell_late(harness, 0, 5 * GST_SECOND);
  captions_after(harness, 3);
  tell_late(harness, 100 * GST_MSECOND, -20 * static_cast<GstClockTimeDiff>(GST_MSECOND));
  EXPECT_TRUE(has_caption_soon(harness));
}

// That is what GstBaseSink sends for each frame where its throttle-time is set.
TEST(QualityOfService, DoesNotTakeASinkThatWantsFewerFramesForALateOne) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  gst_harness_push_upstream_event(harness.harness(),
                                  gst_event_new_qos(GST_QOS_TYPE_THROTTLE, 1.5, 5 * GST_SECOND, 0));
  EXPECT_GT(captions_after(harness, 10), 0u);
  EXPECT_EQ(harness.stat("late"), 0u);
}

TEST(QualityOfService, IsForgottenAtAFlush) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  tell_late(harness, 0, 5 * GST_SECOND);
  harness.flush();
  EXPECT_TRUE(has_caption_soon(harness));
}

TEST(QualityOfService, NeverTakesACaptionFromAFrameInEveryFrameMode) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}});
  tell_late(harness, 0, 5 * GST_SECOND);
  EXPECT_EQ(captions_after(harness, 10), 10u);
}

// As a sink does behind an element of 100 ms whose latency nobody knows. Runs at 300 frames a
// second of the clock, and 30 of timestamps.
void pass_late_frames(CaptionHarness& harness, int frames) {
  for (int i = 0; i < frames; i++) {
    GstBuffer* passed = harness.pass(kGray);
    tell_late(harness, GST_BUFFER_PTS(passed), 100 * GST_MSECOND);
    gst_buffer_unref(passed);
    g_usleep(3000);
  }
}

TEST(QualityOfService, DoesNotEndCaptionsWhereAllFramesAreLateForEver) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  tell_late(harness, 0, 100 * GST_MSECOND);
  pass_late_frames(harness, 10 * 30);
  EXPECT_GE(harness.stat("captions"), 4u) << "in ten seconds";
  EXPECT_LE(harness.stat("captions"), 5u);
  EXPECT_GE(harness.stat("late"), 290u);
}

TEST(QualityOfService, IsNamedOnceAsTheCauseOfFewCaptions) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  tell_late(harness, 0, 100 * GST_MSECOND);
  pass_late_frames(harness, 30);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << "a moment is no news";
  pass_late_frames(harness, 5 * 30);
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING, 0);
  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  EXPECT_NE(std::string(error->message).find("100 ms too late"), std::string::npos)
      << error->message;
  g_error_free(error);
  gst_message_unref(message);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

TEST(QualityOfService, PassesOnToUpstream) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  while (GstEvent* event = gst_harness_try_pull_upstream_event(harness.harness()))
    gst_event_unref(event);
  tell_late(harness, 0, GST_SECOND);
  GstEvent* event = gst_harness_try_pull_upstream_event(harness.harness());
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(GST_EVENT_TYPE(event), GST_EVENT_QOS);
  gst_event_unref(event);
}

}  // namespace
}  // namespace jetsoncaption
