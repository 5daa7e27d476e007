// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element does to frames, whatever the mode.
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "plugin/frames/frame_formats.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

std::vector<std::string> supported_formats() {
  std::vector<std::string> formats;
  std::string name;
  for (const char* c = kSupportedFormats; *c != '\0'; c++) {
    if (g_ascii_isalnum(*c)) {
      name += *c;
    } else if (!name.empty()) {
      formats.push_back(name);
      name.clear();
    }
  }
  return formats;
}

std::vector<uint8_t> bytes_of(GstBuffer* buffer) {
  std::vector<uint8_t> bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  return bytes;
}

std::vector<uint8_t> bytes_passed(CaptionHarness& harness, const Color& color) {
  GstBuffer* frame = harness.pass(color);
  std::vector<uint8_t> bytes = bytes_of(frame);
  gst_buffer_unref(frame);
  return bytes;
}

// A size that is odd both ways.
class ElementFormats : public testing::TestWithParam<std::string> {};

TEST_P(ElementFormats, AreDescribedAndDrawnOn) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  harness.set_caps(gst_video_format_from_string(GetParam().c_str()), 161, 121);
  GstBuffer* frame = harness.make_frame(kGray);
  const std::vector<uint8_t> before = bytes_of(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_NE(bytes_of(passed), before) << "nothing was drawn";
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
  gst_buffer_unref(passed);
}

TEST_P(ElementFormats, KeepTheirBytesWithoutOverlay) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"overlay", "false"}});
  harness.set_caps(gst_video_format_from_string(GetParam().c_str()), 161, 121);
  GstBuffer* frame = harness.make_frame(kGray);
  const std::vector<uint8_t> before = bytes_of(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_EQ(bytes_of(passed), before);
  gst_buffer_unref(passed);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementFormats, testing::ValuesIn(supported_formats()),
                         [](const auto& tested) { return tested.param; });

TEST(Element, HasTheSameCapsOnBothPads) {
  CaptionElement element(PropertyValues{});
  GstPad* sink = gst_element_get_static_pad(element.get(), "sink");
  GstPad* source = gst_element_get_static_pad(element.get(), "src");
  GstCaps* sink_caps = gst_pad_get_pad_template_caps(sink);
  GstCaps* source_caps = gst_pad_get_pad_template_caps(source);

  EXPECT_TRUE(gst_caps_is_equal(sink_caps, source_caps));
  for (const char* caps : {"video/x-raw(memory:NVMM), format=NV12",
                           "video/x-raw(memory:NVMM), format=RGBA", "video/x-raw, format=NV12"}) {
    GstCaps* served = gst_caps_from_string(caps);
    EXPECT_TRUE(gst_caps_can_intersect(sink_caps, served)) << caps;
    gst_caps_unref(served);
  }

  gst_caps_unref(sink_caps);
  gst_caps_unref(source_caps);
  gst_object_unref(sink);
  gst_object_unref(source);
}

TEST(Element, PassesTheBufferItselfWithEverythingOnIt) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}});
  GstBuffer* frame = harness.make_frame(kGray);
  GST_BUFFER_DURATION(frame) = 33 * GST_MSECOND;
  GST_BUFFER_OFFSET(frame) = 5;
  GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_MARKER);
  const GstClockTime pts = GST_BUFFER_PTS(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(passed, frame);
  EXPECT_EQ(GST_BUFFER_PTS(passed), pts);
  EXPECT_EQ(GST_BUFFER_DURATION(passed), 33 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_OFFSET(passed), 5u);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(passed, GST_BUFFER_FLAG_MARKER));
  gst_buffer_unref(passed);
}

TEST(Element, LeavesASharedBufferAsItWas) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  GstBuffer* frame = harness.make_frame(kGray);
  const std::vector<uint8_t> before = bytes_of(frame);
  gst_buffer_ref(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_NE(passed, frame);
  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_EQ(bytes_of(frame), before);
  EXPECT_EQ(caption_of(frame), "");
  gst_buffer_unref(passed);
  gst_buffer_unref(frame);
}

TEST(Element, TouchesNothingWhenNotEnabled) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"enabled", "false"}});
  GstBuffer* frame = harness.make_frame(kGray);
  const std::vector<uint8_t> before = bytes_of(frame);
  gst_buffer_ref(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(passed, frame) << "a frame that is not changed need not be copied";
  EXPECT_EQ(caption_of(passed), "");
  EXPECT_EQ(bytes_of(passed), before);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 0);
  gst_buffer_unref(passed);
  gst_buffer_unref(frame);
}

TEST(Element, CanBeEnabledWhilePlaying) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"enabled", "false"}});
  harness.pass_and_drop(kGray);

  harness.set("enabled", "true");
  GstBuffer* passed = harness.pass(kGray);

  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(Element, DescribesTheFrameWithoutItsOwnCaptionOnIt) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}});
  for (int i = 0; i < 3; i++) {
    GstBuffer* passed = harness.pass(kGray);
    EXPECT_EQ(caption_of(passed), average_text(kGray));
    gst_buffer_unref(passed);
  }
}

TEST(Element, TakesFramesWithoutTimestamps) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  GstBuffer* frame = harness.make_frame(kGray);
  GST_BUFFER_PTS(frame) = GST_CLOCK_TIME_NONE;

  GstBuffer* passed = harness.pass(frame);
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_ELEMENT);

  EXPECT_EQ(caption_of(passed), "a dog");
  ASSERT_NE(message, nullptr);
  const GstStructure* structure = gst_message_get_structure(message);
  for (const char* field : {"timestamp", "stream-time", "running-time"}) {
    guint64 time = 0;
    EXPECT_TRUE(gst_structure_get_uint64(structure, field, &time)) << field;
    EXPECT_EQ(time, GST_CLOCK_TIME_NONE) << field;
  }
  gst_message_unref(message);
  gst_buffer_unref(passed);
}

TEST(Element, CarriesTheCaptionOnFramesWithoutAPicture) {
  CaptionHarness harness({{"model", "fake:count=1"}, {"mode", "every-frame"}});
  harness.pass_and_drop(kGray);
  GstBuffer* gap = harness.make_frame(kGray);
  GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
  const std::vector<uint8_t> before = bytes_of(gap);

  GstBuffer* passed = harness.pass(gap);

  EXPECT_EQ(caption_of(passed), average_text(kGray) + " 0") << "a gap is not described";
  EXPECT_EQ(bytes_of(passed), before);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(passed, GST_BUFFER_FLAG_GAP));
  gst_buffer_unref(passed);
}

TEST(Element, PassesFramesThatCannotBeReadAndWarnsOnce) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}});
  for (int i = 0; i < 3; i++) {
    GstBuffer* passed = harness.pass(gst_buffer_new_allocate(nullptr, 10, nullptr));
    EXPECT_EQ(gst_buffer_get_size(passed), 10u);
    gst_buffer_unref(passed);
  }
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
}

TEST(Element, GoesOnAfterTheCapsChange) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  harness.pass_and_drop(kGray);
  harness.set_caps(GST_VIDEO_FORMAT_NV12, 640, 360);
  GstBuffer* frame = harness.make_frame(kGray);
  const std::vector<uint8_t> before = bytes_of(frame);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_NE(bytes_of(passed), before);
  gst_buffer_unref(passed);
}

TEST(Element, MarksTheFirstFrameOfACaptionAndNoOther) {
  CaptionHarness harness({{"model", "fake:count=1"}, {"mode", "every-frame"}, {"interval", "3"}});
  for (int i = 0; i < 6; i++) {
    GstBuffer* passed = harness.pass(kGray);
    const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed);
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ((meta->flags & GST_JETSON_CAPTION_FLAG_NEW) != 0, i % 3 == 0) << "frame " << i;
    gst_buffer_unref(passed);
  }
}

TEST(Element, TellsInTheMetaWhichFrameWasDescribed) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog;truncated=1"}, {"mode", "every-frame"}, {"interval", "2"}});
  harness.pass_and_drop(kGray);
  harness.pass_and_drop(kGray);
  harness.pass_and_drop(kGray);
  GstBuffer* passed = harness.pass(kGray);

  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed);
  ASSERT_NE(meta, nullptr);
  EXPECT_EQ(meta->frame, 2u);
  EXPECT_EQ(meta->timestamp, gst_util_uint64_scale(2, GST_SECOND, 30));
  EXPECT_DOUBLE_EQ(meta->confidence, 0.5);
  EXPECT_EQ(meta->inference_time, 1500 * GST_USECOND);
  EXPECT_EQ(meta->flags, GST_JETSON_CAPTION_FLAG_TRUNCATED);
  gst_buffer_unref(passed);
}

TEST(Element, SaysWhichCaptionIsHedged) {
  CaptionHarness harness(
      {{"model", "fake:text=perhaps: kitchen;hedged=1"}, {"mode", "every-frame"}});
  GstBuffer* passed = harness.pass(kGray);
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed);
  ASSERT_NE(meta, nullptr);
  EXPECT_EQ(meta->flags, GST_JETSON_CAPTION_FLAG_NEW | GST_JETSON_CAPTION_FLAG_HEDGED);
  gst_buffer_unref(passed);
}

TEST(Element, PostsEachCaptionWithAllItsFields) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 0;
  segment.time = 7 * GST_SECOND;
  segment.base = 3 * GST_SECOND;
  gst_harness_push_event(harness.harness(), gst_event_new_segment(&segment));
  harness.pass_and_drop(kGray);
  harness.pass_and_drop(kGray);

  GstMessage* first = harness.wait_for_message(GST_MESSAGE_ELEMENT);
  GstMessage* second = harness.wait_for_message(GST_MESSAGE_ELEMENT);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);

  const GstStructure* structure = gst_message_get_structure(second);
  EXPECT_TRUE(gst_structure_has_name(structure, "jetsoncaption"));
  EXPECT_EQ(gst_structure_n_fields(structure), 12);
  EXPECT_STREQ(gst_structure_get_string(structure, "caption"), "a dog");
  EXPECT_STREQ(gst_structure_get_string(structure, "model"), "fake");
  const guint64 pts = gst_util_uint64_scale(1, GST_SECOND, 30);
  guint64 timestamp = 0, stream_time = 0, running_time = 0, frame = 0;
  EXPECT_TRUE(gst_structure_get(structure, "timestamp", G_TYPE_UINT64, &timestamp, "stream-time",
                                G_TYPE_UINT64, &stream_time, "running-time", G_TYPE_UINT64,
                                &running_time, "frame", G_TYPE_UINT64, &frame, nullptr));
  EXPECT_EQ(timestamp, pts);
  EXPECT_EQ(stream_time, pts + 7 * GST_SECOND);
  EXPECT_EQ(running_time, pts + 3 * GST_SECOND);
  EXPECT_EQ(frame, 1u);
  gdouble confidence = 0, inference_time_ms = 0;
  gboolean truncated = TRUE, changed = TRUE;
  EXPECT_TRUE(gst_structure_get(structure, "confidence", G_TYPE_DOUBLE, &confidence,
                                "inference-time-ms", G_TYPE_DOUBLE, &inference_time_ms, "truncated",
                                G_TYPE_BOOLEAN, &truncated, "changed", G_TYPE_BOOLEAN, &changed,
                                nullptr));
  EXPECT_DOUBLE_EQ(confidence, 0.5);
  EXPECT_DOUBLE_EQ(inference_time_ms, 1.5);
  EXPECT_FALSE(truncated);
  EXPECT_FALSE(changed) << "the same text as before";
  gboolean first_changed = FALSE;
  gst_structure_get_boolean(gst_message_get_structure(first), "changed", &first_changed);
  EXPECT_TRUE(first_changed);
  gst_message_unref(first);
  gst_message_unref(second);
}

TEST(Element, PostsNothingWithoutPostMessages) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"post-messages", "false"}});
  harness.pass_and_drop(kGray);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 0);
}

TEST(Element, ShowsTheNewestCaptionAsAProperty) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  EXPECT_EQ(harness.get_string("caption"), "");
  harness.pass_and_drop(kGray);
  EXPECT_EQ(harness.get_string("caption"), "a dog");
}

TEST(Element, MakesTextOfTheEngineValid) {
  CaptionHarness harness({{"model", "fake:text=a dog;broken=1"}, {"mode", "every-frame"}});
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_EQ(caption_of(passed), "a dog\xEF\xBF\xBD");
  gst_buffer_unref(passed);
}

TEST(Element, ReplacesTheCaptionOfAnElementBeforeIt) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  GstBuffer* frame = harness.make_frame(kGray);
  gst_buffer_add_jetson_caption_meta(frame, "a cat", 0.1, 0, 0, 0, GST_JETSON_CAPTION_FLAG_NONE);
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(Element, DrawsWithTheStyleOfTheMoment) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  const std::vector<uint8_t> bottom = bytes_passed(harness, kGray);
  harness.set("valignment", "top");
  EXPECT_NE(bytes_passed(harness, kGray), bottom);
}

}  // namespace
}  // namespace jetsoncaption
