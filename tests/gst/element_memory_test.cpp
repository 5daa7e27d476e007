// SPDX-License-Identifier: LGPL-2.1-or-later
// The element reports a lack of memory step by step, acts, and says when it is over.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "memory/sampler.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

void pass_frames(CaptionHarness& harness, int frames) {
  for (int i = 0; i < frames; i++)
    harness.pass_and_drop(kGray);
}

unsigned used_mb() {
  return static_cast<unsigned>(MemorySampler().sample().used_bytes >> 20);
}

struct MemoryDetails {
  guint used_mb = 0;
  guint threshold_mb = 0;
  guint available_mb = 0;
  guint gpu_mb = 0;
  guint reserve_mb = 0;
  guint64 frame = 0;
  std::string action;
  std::string cause;
  std::string step;
};

std::string text_of(const GstStructure* structure, const char* field) {
  const char* text = gst_structure_get_string(structure, field);
  return text != nullptr ? text : "";
}

// Reads the details of a warning or an information message, and frees it.
MemoryDetails details_of(GstMessage* message) {
  MemoryDetails details;
  const GstStructure* structure = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
    gst_message_parse_warning_details(message, &structure);
  else
    gst_message_parse_info_details(message, &structure);
  EXPECT_NE(structure, nullptr);
  if (structure != nullptr) {
    EXPECT_TRUE(gst_structure_has_name(structure, "jetsoncaption-memory"));
    EXPECT_EQ(gst_structure_n_fields(structure), 9);
    EXPECT_TRUE(gst_structure_get(
        structure, "used-mb", G_TYPE_UINT, &details.used_mb, "threshold-mb", G_TYPE_UINT,
        &details.threshold_mb, "available-mb", G_TYPE_UINT, &details.available_mb, "gpu-mb",
        G_TYPE_UINT, &details.gpu_mb, "reserve-mb", G_TYPE_UINT, &details.reserve_mb, "frame",
        G_TYPE_UINT64, &details.frame, nullptr));
    details.action = text_of(structure, "action");
    details.cause = text_of(structure, "cause");
    details.step = text_of(structure, "step");
  }
  gst_message_unref(message);
  return details;
}

TEST(ElementMemory, WarnsExactlyOnceAtTheThreshold) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "every-frame"},
                          {"memory-threshold", "1"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "warn"}});
  pass_frames(harness, 100);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_INFO), 0);
}

TEST(ElementMemory, TellsEverythingInTheDetails) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "every-frame"},
                          {"enabled", "false"},
                          {"memory-threshold", "0"}});
  pass_frames(harness, 3);
  harness.set("memory-threshold", "1");
  pass_frames(harness, 5);

  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING, 0);
  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
  EXPECT_NE(std::string(error->message).find("memory-threshold is 1 MB"), std::string::npos);
  g_error_free(error);
  const MemoryDetails details = details_of(message);
  EXPECT_GT(details.used_mb, 1u);
  EXPECT_EQ(details.threshold_mb, 1u);
  EXPECT_GT(details.available_mb, 0u);
  EXPECT_EQ(details.gpu_mb, 0u) << "the fake engine has no accelerator";
  EXPECT_EQ(details.action, "trim");
  EXPECT_EQ(details.cause, "use");
  EXPECT_EQ(details.step, "trim");
  EXPECT_EQ(details.reserve_mb, 200u);
  EXPECT_EQ(details.frame, 5u) << "read at every 5th frame";
}

TEST(ElementMemory, IsReadAtEveryNthFrameOnly) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "every-frame"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "10"}});
  pass_frames(harness, 5);
  harness.set("memory-threshold", "1");
  pass_frames(harness, 5);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
  pass_frames(harness, 1);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
}

TEST(ElementMemory, HasNoLimitWithThresholdZero) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "every-frame"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"}});
  pass_frames(harness, 20);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

// The fake engine holds much more than anything else here, and lets go of it when trimmed.
constexpr unsigned kBallastMb = 160;

PropertyValues with_ballast(const char* action) {
  return {{"model", "fake:allocate-mb=" + std::to_string(kBallastMb)},
          {"mode", "every-frame"},
          {"memory-threshold", std::to_string(used_mb() + kBallastMb / 2)},
          {"memory-check-interval", "1"},
          {"memory-action", action}};
}

TEST(ElementMemory, IsTrimmedAndReportedAsRecovered) {
  const PropertyValues properties = with_ballast("trim");
  CaptionHarness harness(properties);
  GstMessage* recovered = nullptr;
  for (int i = 0; i < 500 && recovered == nullptr; i++) {
    pass_frames(harness, 1);
    recovered = harness.wait_for_message(GST_MESSAGE_INFO, 10 * GST_MSECOND);
  }
  ASSERT_NE(recovered, nullptr);
  const MemoryDetails details = details_of(recovered);
  EXPECT_LE(details.used_mb, details.threshold_mb * 9 / 10);
  EXPECT_EQ(details.action, "trim");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
}

// With a reading at each frame, a hundred of them above the threshold.
TEST(ElementMemory, IsTrimmedOnceACrossing) {
  CaptionHarness harness({{"model", "fake:count-trims=1"},
                          {"mode", "every-frame"},
                          {"memory-threshold", "1"},
                          {"memory-check-interval", "1"}});
  pass_frames(harness, 150);
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_EQ(caption_of(passed), "1 trims");
  gst_buffer_unref(passed);
}

TEST(ElementMemory, IsNotTrimmedWhenOnlyWarned) {
  CaptionHarness harness(with_ballast("warn"));
  pass_frames(harness, 50);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_INFO), 0);
}

// With a threshold of 1 MB memory is always above it, and with 0 never.
class ElementMemoryHold : public testing::TestWithParam<const char*> {
 protected:
  PropertyValues properties(const char* mode) const {
    return {{"model", "fake:"},
            {"mode", mode},
            {"memory-threshold", "0"},
            {"memory-check-interval", "1"},
            {"memory-action", GetParam()}};
  }
  void run_short(CaptionHarness& harness) const {
    harness.set("memory-threshold", "1");
    pass_frames(harness, 1);
    wait_for_state(harness, std::string(GetParam()) == "pause" ? "paused" : "unloaded");
  }

  static void wait_for_state(CaptionHarness& harness, const std::string& state) {
    for (int i = 0; i < 4000 && harness.state() != state; i++)
      g_usleep(5000);
    EXPECT_EQ(harness.state(), state);
  }
};

TEST_P(ElementMemoryHold, StopsCaptioningButNoFrameWhileMemoryIsShort) {
  for (const char* mode : {"live", "every-frame"}) {
    SCOPED_TRACE(mode);
    CaptionHarness harness(properties(mode));
    harness.set("interval", "100000");  // no caption is being made when memory gets short
    gst_buffer_unref(harness.pass_until(kGray, average_text(kGray)));
    run_short(harness);
    harness.set("interval", "1");
    const uint64_t captions = harness.stat("captions");

    pass_frames(harness, 20);

    EXPECT_EQ(harness.stat("captions"), captions);
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
    EXPECT_EQ(harness.stat("failures"), 0u);
  }
}

TEST_P(ElementMemoryHold, GoesOnWhenMemoryHasFallen) {
  CaptionHarness harness(properties("live"));
  run_short(harness);
  harness.set("memory-threshold", "0");
  pass_frames(harness, 1);

  wait_for_state(harness, "ready");
  const Color color = {10, 20, 30};  // not that of a frame before the hold
  gst_buffer_unref(harness.pass_until(color, average_text(color)));
}

TEST_P(ElementMemoryHold, IsNamedInTheWarning) {
  CaptionHarness harness(properties("live"));
  harness.set("memory-threshold", "1");
  pass_frames(harness, 1);
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING, 0);
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(details_of(message).action, GetParam());
}

TEST_P(ElementMemoryHold, EndsWhenTheActionIsChanged) {
  CaptionHarness harness(properties("live"));
  run_short(harness);
  harness.set("memory-action", "warn");
  pass_frames(harness, 1);
  wait_for_state(harness, "ready");
}

TEST_P(ElementMemoryHold, DoesNotKeepTheElementFromStopping) {
  CaptionHarness harness(properties("live"));
  run_short(harness);
  EXPECT_EQ(gst_element_set_state(harness.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(Actions, ElementMemoryHold, testing::Values("pause", "unload"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ElementMemory, OfTheModelIsGivenBackByUnload) {
  CaptionHarness harness({{"model", "fake:keep=1;allocate-mb=" + std::to_string(kBallastMb)},
                          {"mode", "live"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "unload"}});
  const unsigned loaded_mb = used_mb();
  harness.set("memory-threshold", "1");
  pass_frames(harness, 1);
  for (int i = 0; i < 4000 && used_mb() > loaded_mb - kBallastMb / 2; i++)
    g_usleep(5000);
  EXPECT_LT(used_mb(), loaded_mb - kBallastMb / 2);
}

TEST(ElementMemory, ModelThatCannotBeLoadedAgainIsAWarning) {
  CaptionHarness harness({{"model", "fake:creates=1"},
                          {"mode", "live"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "unload"}});
  harness.set("memory-threshold", "1");
  pass_frames(harness, 1);
  for (int i = 0; i < 4000 && harness.state() != "unloaded"; i++)
    g_usleep(5000);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1) << "of memory";
  harness.set("memory-threshold", "0");
  pass_frames(harness, 1);

  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING);
  ASSERT_NE(message, nullptr);
  gst_message_unref(message);
  pass_frames(harness, 5);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0) << "the video goes on";
}

// A board on which loading itself breaks the limit would otherwise do nothing else.
TEST(ElementMemory, IsGivenBackForLongerEachTimeTheModelIsSoonUnloadedAgain) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "live"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "unload"}});
  const auto pass_until_state = [&harness](const std::string& state) {
    const gint64 begin = g_get_monotonic_time();
    for (int i = 0; i < 8000 && harness.state() != state; i++) {
      pass_frames(harness, 1);
      g_usleep(2000);
    }
    EXPECT_EQ(harness.state(), state);
    return g_get_monotonic_time() - begin;
  };
  for (const gint64 seconds : {1, 2, 4}) {
    harness.set("memory-threshold", "1");
    pass_until_state("unloaded");
    harness.set("memory-threshold", "0");
    EXPECT_GT(pass_until_state("ready"), seconds * 900'000);
  }
}

// Steps as the messages tell them, until one of them is `last`.
std::vector<std::string> steps_until(CaptionHarness& harness, GstMessageType type,
                                     const std::string& last) {
  std::vector<std::string> steps;
  for (int i = 0; i < 4000 && (steps.empty() || steps.back() != last); i++) {
    pass_frames(harness, 1);
    if (GstMessage* message = harness.wait_for_message(type, 5 * GST_MSECOND))
      steps.push_back(details_of(message).step);
  }
  return steps;
}

TEST(ElementMemory, LeadsToTheActionStepByStepAndBack) {
  // Beside what the engine holds, the rest of this process comes and goes unnoticed.
  CaptionHarness harness({{"model", "fake:request=1;keep=1;allocate-mb=160"},
                          {"mode", "live"},
                          {"overlay", "false"},
                          {"beam-size", "4"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "pause"}});
  pass_frames(harness, 5);
  using Steps = std::vector<std::string>;
  harness.set("memory-threshold", std::to_string(harness.get_uint("memory-usage") * 9 / 10));

  EXPECT_EQ(steps_until(harness, GST_MESSAGE_WARNING, "slow-down"), (Steps{"trim", "slow-down"}));
  const uint64_t captions = harness.stat("captions");
  EXPECT_EQ(steps_until(harness, GST_MESSAGE_WARNING, "greedy"), (Steps{"greedy"}));
  EXPECT_LE(harness.stat("captions"), captions + 3) << "in two seconds, of hundreds of frames";
  EXPECT_EQ(steps_until(harness, GST_MESSAGE_WARNING, "pause"), (Steps{"pause"}));
  EXPECT_NE(harness.get_string("caption").find("beam-size 1 "), std::string::npos)
      << harness.get_string("caption");

  harness.set("memory-threshold", "100000");
  EXPECT_EQ(steps_until(harness, GST_MESSAGE_INFO, "none"), (Steps{"greedy", "slow-down", "none"}));
  EXPECT_EQ(harness.state(), "ready");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

TEST(ElementMemory, IsShortWhereTheSystemHasLessThanTheReserve) {
  CaptionHarness harness({{"model", "fake:"},
                          {"mode", "live"},
                          {"memory-threshold", "0"},
                          {"memory-reserve", "100000000"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "pause"}});
  pass_frames(harness, 1);
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING, 0);
  ASSERT_NE(message, nullptr);
  const MemoryDetails details = details_of(message);
  EXPECT_EQ(details.cause, "reserve");
  EXPECT_EQ(details.step, "pause") << "a hundred terabytes are far away";
  EXPECT_EQ(details.reserve_mb, 100000000u);
}

TEST(ElementMemory, ShowsTheNewestReadingAsAProperty) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}});
  EXPECT_GT(harness.get_uint("memory-usage"), 1u) << "read at the start";
  EXPECT_NEAR(harness.get_uint("memory-usage"), used_mb(), 100);
}

}  // namespace
}  // namespace jetsoncaption
