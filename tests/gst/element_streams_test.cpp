// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams as they come: odd sizes, changing caps, strange segments, and pipelines that are taken
// apart while they play.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};
const PropertyValues kEveryFrame = {{"model", "fake:text=a dog"}, {"mode", "every-frame"}};

TEST(Streams, OfAnySizeAreDescribed) {
  CaptionHarness harness(kEveryFrame);
  for (const auto& size : {std::pair<int, int>{1, 1},
                           {2, 1},
                           {3, 3},
                           {5, 700},
                           {641, 479},
                           {16, 16},
                           {4000, 3},
                           {1921, 1081}}) {
    for (const auto format : {GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_YUY2}) {
      SCOPED_TRACE(testing::Message() << size.first << "x" << size.second << " "
                                      << gst_video_format_to_string(format));
      harness.set_caps(format, size.first, size.second);
      GstBuffer* passed = harness.pass(kGray);
      EXPECT_EQ(caption_of(passed), "a dog");
      gst_buffer_unref(passed);
    }
  }
  EXPECT_EQ(
      harness.count_messages(static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR)),
      0);
}

TEST(Streams, WithPaddedRowsAreReadWhereTheirPixelsAre) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}, {"overlay", "false"}});
  harness.set_caps(GST_VIDEO_FORMAT_GRAY8, 100, 50);
  // Rows of 128 bytes, of which the last 28 are white and do not count.
  GstBuffer* frame = gst_buffer_new_allocate(nullptr, 128 * 50, nullptr);
  gst_buffer_memset(frame, 0, 255, 128 * 50);
  for (gsize row = 0; row < 50; row++)
    gst_buffer_memset(frame, row * 128, 60, 100);
  gsize offset[GST_VIDEO_MAX_PLANES] = {0};
  gint stride[GST_VIDEO_MAX_PLANES] = {128};
  gst_buffer_add_video_meta_full(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 100, 50,
                                 1, offset, stride);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(caption_of(passed), average_text(Color{60, 60, 60}));
  gst_buffer_unref(passed);
}

TEST(Streams, WithoutAFrameRateAreDescribed) {
  for (const char* caps : {"video/x-raw, format=GRAY8, width=16, height=16, framerate=0/1",
                           "video/x-raw, format=GRAY8, width=16, height=16, framerate=0/1, "
                           "max-framerate=30/1",
                           "video/x-raw, format=GRAY8, width=16, height=16, framerate=25/1, "
                           "interlace-mode=interleaved, pixel-aspect-ratio=16/11"}) {
    SCOPED_TRACE(caps);
    CaptionHarness harness(kEveryFrame);
    gst_harness_set_src_caps_str(harness.harness(), caps);
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, 256, nullptr);
    gst_buffer_memset(frame, 0, 100, 256);
    GstBuffer* passed = harness.pass(frame);
    EXPECT_EQ(caption_of(passed), "a dog");
    gst_buffer_unref(passed);
  }
}

// docs/element.md says so.
TEST(Streams, OfFieldsInBuffersOfTheirOwnDoNotLink) {
  const CaptionElement element(kEveryFrame);
  GstPad* pad = gst_element_get_static_pad(element.get(), "sink");
  GstCaps* caps = gst_caps_from_string(
      "video/x-raw(format:Interlaced), format=NV12, width=320, height=240, framerate=25/1, "
      "interlace-mode=alternate");
  EXPECT_FALSE(gst_pad_query_accept_caps(pad, caps));
  gst_caps_unref(caps);
  gst_object_unref(pad);
}

TEST(Streams, MayPlayBackwards) {
  CaptionHarness harness({{"model", "fake:count=1"}, {"mode", "every-frame"}, {"interval", "2"}});
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = segment.position = 10 * GST_SECOND;
  gst_harness_push_event(harness.harness(), gst_event_new_segment(&segment));
  for (int i = 0; i < 4; i++) {
    GstBuffer* frame = harness.make_frame(kGray);
    GST_BUFFER_PTS(frame) = (10 - i) * GST_SECOND;
    GstBuffer* passed = harness.pass(frame);
    EXPECT_EQ(caption_of(passed), average_text(kGray) + " " + std::to_string(i / 2));
    gst_buffer_unref(passed);
  }
}

// A caption on the frame before, and a model that is busy with nothing for a while.
class NextStream : public testing::Test {
 protected:
  NextStream()
      : harness_({{"model", "fake:delay-ms=300"}, {"mode", "live"}, {"interval", "1000"}}) {
    gst_buffer_unref(harness_.pass_until(kGray, average_text(kGray)));
    harness_.count_messages(GST_MESSAGE_ELEMENT);
  }

  void push_segment(GstClockTime start, GstClockTime base) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = segment.position = start;
    segment.base = base;
    gst_harness_push_event(harness_.harness(), gst_event_new_segment(&segment));
  }
  std::string next_caption(GstClockTime timestamp) {
    GstBuffer* frame = harness_.make_frame(Color{1, 2, 3});
    GST_BUFFER_PTS(frame) = timestamp;
    GstBuffer* passed = harness_.pass(frame);
    const std::string caption = caption_of(passed);
    gst_buffer_unref(passed);
    return caption;
  }

  CaptionHarness harness_;
};

// As behind concat, or where a player goes on with the next file.
TEST_F(NextStream, CarriesNoCaptionOfTheOneBefore) {
  gst_harness_push_event(harness_.harness(), gst_event_new_stream_start("the next one"));
  harness_.set_caps(GST_VIDEO_FORMAT_RGB, 320, 240);
  push_segment(0, 10 * GST_SECOND);

  EXPECT_EQ(next_caption(0), "");
  EXPECT_EQ(harness_.get_string("caption"), "");
  gst_buffer_unref(harness_.pass_until(Color{1, 2, 3}, average_text(Color{1, 2, 3})));
}

TEST_F(NextStream, IsDescribedFromItsFirstFrame) {
  gst_harness_push_event(harness_.harness(), gst_event_new_stream_start("the next one"));
  push_segment(0, 10 * GST_SECOND);
  next_caption(0);
  GstMessage* message = harness_.wait_for_message(GST_MESSAGE_ELEMENT);
  ASSERT_NE(message, nullptr) << "interval is 1000";
  gst_message_unref(message);
}

TEST_F(NextStream, BeginsWithASegmentThatDoesNotGoOn) {
  push_segment(0, 10 * GST_SECOND);
  EXPECT_EQ(next_caption(0), "");
}

TEST_F(NextStream, DoesNotBeginWithASegmentThatGoesOn) {
  push_segment(0, 0);
  EXPECT_EQ(next_caption(GST_SECOND), average_text(kGray));
  push_segment(GST_SECOND, GST_SECOND);
  EXPECT_EQ(next_caption(2 * GST_SECOND), average_text(kGray));
}

// As demuxers tell it at another rate than 1, by which times are divided.
TEST_F(NextStream, DoesNotBeginWithASegmentThatGoesOnButForRounding) {
  push_segment(0, 0);
  EXPECT_EQ(next_caption(GST_SECOND), average_text(kGray));
  push_segment(GST_SECOND, GST_SECOND + 1);
  EXPECT_EQ(next_caption(2 * GST_SECOND), average_text(kGray));
}

TEST_F(NextStream, DoesNotBeginWhenUpstreamIsRelinked) {
  GstEvent* start = gst_pad_get_sticky_event(harness_.harness()->srcpad, GST_EVENT_STREAM_START, 0);
  gst_harness_push_event(harness_.harness(), start);
  push_segment(0, 0);
  EXPECT_EQ(next_caption(GST_SECOND), average_text(kGray));
}

// Played at four times the speed, a second passes between frames that are four apart.
TEST(Streams, AgeInRunningTime) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "every-frame"}, {"interval", "1000"}});
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = 4;
  gst_harness_push_event(harness.harness(), gst_event_new_segment(&segment));
  for (const GstClockTime timestamp : {0 * GST_SECOND, 4 * GST_SECOND}) {
    GstBuffer* frame = harness.make_frame(kGray);
    GST_BUFFER_PTS(frame) = timestamp;
    gst_buffer_unref(harness.pass(frame));
  }
  EXPECT_EQ(harness.stat("caption-age"), GST_SECOND);
}

TEST(Streams, MayHaveSegmentsInBytes) {
  CaptionHarness harness(kEveryFrame);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  gst_harness_push_event(harness.harness(), gst_event_new_segment(&segment));
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(Streams, MayChangeTheirCapsWhileACaptionIsMade) {
  CaptionHarness harness({{"model", "fake:delay-ms=20"}, {"mode", "live"}});
  for (int i = 0; i < 20; i++) {
    harness.set_caps(i % 2 == 0 ? GST_VIDEO_FORMAT_NV12 : GST_VIDEO_FORMAT_RGB, 64 + i, 48 + i);
    harness.pass_and_drop(kGray);
    g_usleep(3000);
  }
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

TEST(Streams, PassGapEventsOn) {
  CaptionHarness harness(kEveryFrame);
  harness.pass_and_drop(kGray);
  EXPECT_TRUE(gst_harness_push_event(harness.harness(), gst_event_new_gap(GST_SECOND, GST_SECOND)));
  bool seen = false;
  while (GstEvent* event = gst_harness_try_pull_event(harness.harness())) {
    seen = seen || GST_EVENT_TYPE(event) == GST_EVENT_GAP;
    gst_event_unref(event);
  }
  EXPECT_TRUE(seen);
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(Streams, MayEndAndBeginAgain) {
  CaptionHarness harness(kEveryFrame);
  harness.pass_and_drop(kGray);
  EXPECT_TRUE(gst_harness_push_event(harness.harness(), gst_event_new_eos()));
  harness.flush();
  GstBuffer* passed = harness.pass(kGray);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(Streams, MayBeFlushedAgainAndAgainWhileACaptionIsMade) {
  CaptionHarness harness({{"model", "fake:delay-ms=3"}, {"mode", "live"}});
  for (int i = 0; i < 50; i++) {
    harness.pass_and_drop(kGray);
    harness.flush();
  }
  gst_buffer_unref(harness.pass_until(kGray, average_text(kGray)));
}

// The harness as the pads around an element that another takes the place of.
TEST(Streams, GoOnWhenTheElementIsTakenOut) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "live"}});
  harness.pass_and_drop(kGray);
  GstPad* sink = gst_element_get_static_pad(harness.get(), "sink");
  GstPad* source = gst_element_get_static_pad(harness.get(), "src");
  GstPad* before = gst_pad_get_peer(sink);
  GstPad* behind = gst_pad_get_peer(source);
  const gint64 begin = g_get_monotonic_time();

  gst_pad_unlink(before, sink);
  gst_pad_unlink(source, behind);
  EXPECT_EQ(gst_element_set_state(harness.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);

  EXPECT_LT(g_get_monotonic_time() - begin, 20 * G_USEC_PER_SEC) << "the caption is cancelled";
  gst_pad_link(before, sink);
  gst_pad_link(source, behind);
  gst_element_set_state(harness.get(), GST_STATE_PLAYING);
  harness.set_caps(GST_VIDEO_FORMAT_RGB, 64, 48);
  harness.pass_and_drop(kGray);
  for (GstPad* pad : {sink, source, before, behind})
    gst_object_unref(pad);
}

// As a tee does it.
TEST(Streams, WhoseFramesAreSharedLeaveTheOtherBranchUntouched) {
  CaptionHarness harness(kEveryFrame);
  GstBuffer* frame = harness.make_frame(kGray);
  gst_buffer_ref(frame);
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(caption_of(frame), "");
  EXPECT_EQ(
      gst_buffer_memcmp(frame, 0, std::vector<uint8_t>(gst_buffer_get_size(frame), 100).data(),
                        gst_buffer_get_size(frame)),
      0);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
  gst_buffer_unref(frame);
}

}  // namespace
}  // namespace jetsoncaption
