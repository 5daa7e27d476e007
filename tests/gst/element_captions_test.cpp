// SPDX-License-Identifier: LGPL-2.1-or-later
// Which captions are made, shown and announced: by rate, age, confidence and length.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

// Passes a frame with that timestamp and returns it.
GstBuffer* pass_at(CaptionHarness& harness, GstClockTime timestamp) {
  GstBuffer* frame = harness.make_frame(kGray);
  GST_BUFFER_PTS(frame) = timestamp;
  return harness.pass(frame);
}

// What one can see of a frame that passed.
struct Seen {
  std::string text;
  int flags = 0;
  std::vector<uint8_t> bytes;
};

Seen see(GstBuffer* passed) {
  Seen seen;
  seen.text = caption_of(passed);
  if (const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed))
    seen.flags = meta->flags;
  seen.bytes.resize(gst_buffer_get_size(passed));
  gst_buffer_extract(passed, 0, seen.bytes.data(), seen.bytes.size());
  gst_buffer_unref(passed);
  return seen;
}

std::vector<uint8_t> bytes_without_caption(CaptionHarness& harness) {
  return see(harness.make_frame(kGray)).bytes;
}

int captions_made(const PropertyValues& properties, const std::vector<GstClockTime>& timestamps) {
  CaptionHarness harness(properties);
  for (const GstClockTime timestamp : timestamps)
    gst_buffer_unref(pass_at(harness, timestamp));
  return static_cast<int>(harness.stat("captions"));
}

std::vector<GstClockTime> thirty_a_second(int frames) {
  std::vector<GstClockTime> timestamps;
  for (int i = 0; i < frames; i++)
    timestamps.push_back(gst_util_uint64_scale(i, GST_SECOND, 30));
  return timestamps;
}

TEST(MaxRate, LimitsCaptionsByTimestamps) {
  const auto made = [](const char* rate) {
    return captions_made({{"model", "fake:"}, {"mode", "every-frame"}, {"max-rate", rate}},
                         thirty_a_second(90));
  };
  EXPECT_EQ(made("0/1"), 90);
  EXPECT_EQ(made("1/1"), 3);
  EXPECT_EQ(made("1/2"), 2);
  EXPECT_EQ(made("10/1"), 30) << "timestamps are rounded";
  EXPECT_EQ(made("30/1"), 90);
  EXPECT_EQ(made("1000/1"), 90);
}

TEST(MaxRate, HoldsTogetherWithTheInterval) {
  EXPECT_EQ(
      captions_made(
          {{"model", "fake:"}, {"mode", "every-frame"}, {"max-rate", "10/1"}, {"interval", "5"}},
          thirty_a_second(30)),
      6);
}

TEST(MaxRate, DoesNotHoldBackFramesWithoutTimestamps) {
  EXPECT_EQ(captions_made({{"model", "fake:"}, {"mode", "every-frame"}, {"max-rate", "1/1"}},
                          std::vector<GstClockTime>(5, GST_CLOCK_TIME_NONE)),
            5);
}

TEST(MaxRate, HoldsWhenTimestampsGoBackwards) {
  std::vector<GstClockTime> timestamps = thirty_a_second(90);
  std::vector<GstClockTime> backwards(timestamps.rbegin(), timestamps.rend());
  EXPECT_EQ(
      captions_made({{"model", "fake:"}, {"mode", "every-frame"}, {"max-rate", "1/1"}}, backwards),
      3);
}

class CaptionTimeout : public testing::Test {
 protected:
  // A caption of the frame at 0 s, with a timeout of 4 s.
  CaptionHarness harness_{{{"model", "fake:text=a dog"},
                           {"mode", "every-frame"},
                           {"interval", "1000"},
                           {"caption-timeout", "4000000000"}}};
};

TEST_F(CaptionTimeout, DimsHidesAndMarksWhatIsOld) {
  const std::vector<uint8_t> empty = bytes_without_caption(harness_);
  const Seen fresh = see(pass_at(harness_, 0));
  const Seen young = see(pass_at(harness_, 2 * GST_SECOND));
  const Seen stale = see(pass_at(harness_, 3 * GST_SECOND));
  const Seen over = see(pass_at(harness_, 4 * GST_SECOND + 1));

  EXPECT_EQ(fresh.bytes, young.bytes);
  EXPECT_EQ(young.flags, GST_JETSON_CAPTION_FLAG_NONE);
  EXPECT_NE(stale.bytes, fresh.bytes) << "it is dimmed";
  EXPECT_NE(stale.bytes, empty);
  EXPECT_EQ(stale.flags, GST_JETSON_CAPTION_FLAG_STALE);
  EXPECT_EQ(over.bytes, empty) << "it is hidden";
  EXPECT_EQ(over.flags, GST_JETSON_CAPTION_FLAG_STALE);
  EXPECT_EQ(over.text, "a dog") << "the metadata goes on";
}

TEST_F(CaptionTimeout, CountsBackwardsToo) {
  gst_buffer_unref(pass_at(harness_, 10 * GST_SECOND));
  EXPECT_EQ(see(pass_at(harness_, 9 * GST_SECOND)).flags, GST_JETSON_CAPTION_FLAG_NONE);
  EXPECT_EQ(see(pass_at(harness_, 7 * GST_SECOND)).flags, GST_JETSON_CAPTION_FLAG_STALE);
}

TEST_F(CaptionTimeout, CountsByTheClockWithoutTimestamps) {
  gst_buffer_unref(pass_at(harness_, GST_CLOCK_TIME_NONE));
  EXPECT_EQ(see(pass_at(harness_, GST_CLOCK_TIME_NONE)).flags, GST_JETSON_CAPTION_FLAG_NONE);
  harness_.set("caption-timeout", "20000000");
  g_usleep(30000);
  EXPECT_EQ(see(pass_at(harness_, GST_CLOCK_TIME_NONE)).flags, GST_JETSON_CAPTION_FLAG_STALE);
}

TEST_F(CaptionTimeout, OfZeroNeverComes) {
  harness_.set("caption-timeout", "0");
  const Seen fresh = see(pass_at(harness_, 0));
  const Seen old = see(pass_at(harness_, 3600 * GST_SECOND));
  EXPECT_EQ(old.bytes, fresh.bytes);
  EXPECT_EQ(old.flags, GST_JETSON_CAPTION_FLAG_NONE);
}

TEST_F(CaptionTimeout, IsMeasuredInTheStatistics) {
  EXPECT_EQ(harness_.stat("caption-age"), GST_CLOCK_TIME_NONE);
  gst_buffer_unref(pass_at(harness_, 0));
  gst_buffer_unref(pass_at(harness_, 3 * GST_SECOND));
  EXPECT_EQ(harness_.stat("caption-age"), 3 * GST_SECOND);
}

// The fake engine's confidence is 0.5.
TEST(MinConfidence, KeepsDoubtfulCaptionsFromTheScreenAndTheBus) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"min-confidence", "0.51"}});
  const std::vector<uint8_t> empty = bytes_without_caption(harness);

  const Seen hidden = see(harness.pass(kGray));
  EXPECT_EQ(hidden.text, "a dog") << "the metadata says it, with its confidence";
  EXPECT_EQ(hidden.bytes, empty);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 0);

  harness.set("min-confidence", "0.5");
  const Seen shown = see(harness.pass(kGray));
  EXPECT_NE(shown.bytes, empty);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 1);
}

TEST(TruncatedCaptions, EndWithAnEllipsisOnThePicture) {
  const auto drawn = [](const char* model) {
    CaptionHarness harness({{"model", model}, {"mode", "every-frame"}});
    return see(harness.pass(kGray));
  };
  const Seen cut = drawn("fake:text=a dog;truncated=1");
  EXPECT_EQ(cut.text, "a dog") << "the text itself has none";
  EXPECT_EQ(cut.bytes, drawn("fake:text=a dog\u2026").bytes);
  EXPECT_NE(cut.bytes, drawn("fake:text=a dog").bytes);
}

TEST(SearchProperties, ReachTheEngine) {
  CaptionHarness harness({{"model", "fake:request=1"},
                          {"mode", "every-frame"},
                          {"max-inference-time", "250"},
                          {"hedge-below", "0.5"},
                          {"beam-size", "3"},
                          {"max-words", "12"}});
  EXPECT_EQ(see(harness.pass(kGray)).text,
            "beam-size 3 max-words 12 max-inference-ms 250 hedge-below 0.500000");
}

struct Signalled {
  std::string text;
  double confidence = 0;
  guint64 timestamp = 0;
  int count = 0;
};

void on_caption(GstElement* element, const char* text, double confidence, guint64 timestamp,
                Signalled* signalled) {
  signalled->text = text;
  signalled->confidence = confidence;
  signalled->timestamp = timestamp;
  signalled->count++;
  // Would wait for ever if a lock were held.
  gchar* caption = nullptr;
  g_object_get(element, "caption", &caption, nullptr);
  EXPECT_STREQ(caption, text);
  g_free(caption);
  g_object_set(element, "interval", 2U, nullptr);
}

TEST(CaptionSignal, TellsOfEachCaptionWithoutALock) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"post-messages", "false"}});
  Signalled signalled;
  g_signal_connect(harness.get(), "caption", G_CALLBACK(on_caption), &signalled);

  gst_buffer_unref(pass_at(harness, 5 * GST_SECOND));

  EXPECT_EQ(signalled.count, 1) << "whether or not messages are posted";
  EXPECT_EQ(signalled.text, "a dog");
  EXPECT_EQ(signalled.confidence, 0.5);
  EXPECT_EQ(signalled.timestamp, 5 * GST_SECOND);
  EXPECT_EQ(harness.get_uint("interval"), 2u);
}

TEST(Stats, CountAndNameWhatTheElementDoes) {
  CaptionHarness harness({{"model", "fake:fail-every=3"}, {"mode", "every-frame"}});
  for (int i = 0; i < 6; i++)
    harness.pass_and_drop(kGray);

  EXPECT_EQ(harness.stat("frames"), 6u);
  EXPECT_EQ(harness.stat("captions"), 4u);
  EXPECT_EQ(harness.stat("failures"), 2u);
  EXPECT_EQ(harness.stat("skipped"), 0u);
  EXPECT_GT(harness.stat("memory-mb"), 0u);
  EXPECT_EQ(harness.state(), "ready");
  GstStructure* stats = nullptr;
  g_object_get(harness.get(), "stats", &stats, nullptr);
  EXPECT_STREQ(gst_structure_get_string(stats, "model"), "fake");
  EXPECT_STREQ(gst_structure_get_string(stats, "device"), "cpu");
  EXPECT_STREQ(gst_structure_get_string(stats, "precision"), "fp32");
  EXPECT_STREQ(gst_structure_get_string(stats, "kernels"), "fake");
  EXPECT_STREQ(gst_structure_get_string(stats, "engine"), "fake 1");
  EXPECT_STREQ(gst_structure_get_string(stats, "self-test"), "absent");
  for (const char* field : {"inference-ms-p50", "inference-ms-p95", "inference-ms-p99"}) {
    double ms = 0;
    EXPECT_TRUE(gst_structure_get_double(stats, field, &ms)) << field;
    EXPECT_DOUBLE_EQ(ms, 1.5) << field;
  }
  gst_structure_free(stats);
}

TEST(Stats, CountDueFramesThatPassedWhileTheModelWasBusy) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "live"}});
  for (int i = 0; i < 10; i++)
    harness.pass_and_drop(kGray);
  EXPECT_EQ(harness.stat("skipped"), 9u);
}

TEST(Stats, OfARunThatIsOverAreForgotten) {
  CaptionHarness harness({{"model", "fake:text=a dog"},
                          {"mode", "every-frame"},
                          {"memory-action", "unload"},
                          {"memory-check-interval", "1"}});
  harness.pass_and_drop(kGray);
  harness.set("memory-threshold", "1");
  harness.pass_and_drop(kGray);
  ASSERT_NE(harness.stat("caption-age"), GST_CLOCK_TIME_NONE);
  ASSERT_NE(harness.stat("latency"), 0u);
  ASSERT_EQ(harness.stat_text("memory-step"), "unload");
  gst_element_set_state(harness.get(), GST_STATE_NULL);
  EXPECT_EQ(harness.stat("caption-age"), GST_CLOCK_TIME_NONE);
  EXPECT_EQ(harness.stat("latency"), 0u);
  EXPECT_EQ(harness.stat_text("memory-step"), "none");
}

TEST(Stats, OfAStoppedElementAreEmpty) {
  const CaptionElement element(PropertyValues{{"model", "fake:"}});
  EXPECT_EQ(element.state(), "stopped");
  EXPECT_EQ(element.stat("frames"), 0u);
}

}  // namespace
}  // namespace jetsoncaption
