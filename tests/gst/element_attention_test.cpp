// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a caption, and where the model looked for each, on their way to the metadata.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};
constexpr char kEveryFrame[] = "every-frame";

guint words_of(GstBuffer* buffer) {
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(buffer);
  return meta != nullptr ? gst_jetson_caption_meta_get_n_words(meta) : 0;
}

// Of the next frame, which is described.
guint words_passed(CaptionHarness& harness) {
  GstBuffer* frame = harness.pass(kGray);
  const guint words = words_of(frame);
  gst_buffer_unref(frame);
  return words;
}

TEST(ElementAttention, ListsTheWordsWithTheirMapsWhenAsked) {
  CaptionHarness harness(
      {{"model", "fake:text=a red dog"}, {"mode", kEveryFrame}, {"attention", "true"}});

  GstBuffer* frame = harness.pass(kGray);

  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame);
  ASSERT_EQ(words_of(frame), 3U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 0), "a");
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 2), "dog");
  EXPECT_EQ(gst_jetson_caption_meta_get_word_probability(meta, 1), 0.5);
  for (guint word = 0; word < 3; word++) {
    guint columns = 0, rows = 0;
    const gfloat* map =
        gst_buffer_get_jetson_caption_attention(frame, word, &columns, &rows, nullptr);
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(columns, 7U);
    EXPECT_EQ(rows, 7U);
    float sum = 0;
    for (guint cell = 0; cell < columns * rows; cell++)
      sum += map[cell];
    EXPECT_NEAR(sum, 1, 1e-5) << "49 numbers rounded to single precision";
    EXPECT_FLOAT_EQ(map[word], 0.52F) << "the map of another word";
  }
  gst_buffer_unref(frame);
}

// They are two kilobytes, which do not change from frame to frame.
TEST(ElementAttention, IsSharedByTheFramesOfACaption) {
  CaptionHarness harness({{"model", "fake:text=a dog"},
                          {"mode", kEveryFrame},
                          {"interval", "2"},
                          {"attention", "true"}});
  const auto map_of = [](GstBuffer* frame) {
    return gst_buffer_get_jetson_caption_attention(frame, 0, nullptr, nullptr, nullptr);
  };
  GstBuffer* first = harness.pass(kGray);
  GstBuffer* second = harness.pass(kGray);
  GstBuffer* third = harness.pass(kGray);

  EXPECT_EQ(map_of(first), map_of(second));
  EXPECT_NE(map_of(second), map_of(third)) << "of the next caption";
  for (GstBuffer* frame : {first, second, third})
    gst_buffer_unref(frame);
}

TEST(ElementAttention, TakesThePlaceOfWhatAnotherElementSaid) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", kEveryFrame}});
  GstBuffer* frame = harness.make_frame(kGray);
  gst_buffer_add_jetson_caption_meta(frame, "a cat", 1, 0, 0, 0, GST_JETSON_CAPTION_FLAG_NONE);
  const gfloat map[] = {1};
  gst_buffer_set_jetson_caption_attention(frame, map, 1, 1, 1);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(caption_of(passed), "a dog");
  EXPECT_EQ(gst_buffer_get_jetson_caption_attention(passed, 0, nullptr, nullptr, nullptr), nullptr);
  gst_buffer_unref(passed);
}

TEST(ElementAttention, ListsNoWordsUnlessAsked) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", kEveryFrame}});

  EXPECT_EQ(words_passed(harness), 0U);
}

TEST(ElementAttention, FollowsThePropertyWhilePlaying) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", kEveryFrame}});

  EXPECT_EQ(words_passed(harness), 0U);
  harness.set("attention", "true");
  EXPECT_EQ(words_passed(harness), 2U);
  harness.set("attention", "false");
  EXPECT_EQ(words_passed(harness), 0U);
}

TEST(ElementAttention, IsOnTheFramesBetweenTwoCaptionsToo) {
  CaptionHarness harness({{"model", "fake:text=a dog"},
                          {"mode", kEveryFrame},
                          {"interval", "3"},
                          {"attention", "true"}});

  for (int frame = 0; frame < 5; frame++)
    EXPECT_EQ(words_passed(harness), 2U) << "frame " << frame;
}

TEST(ElementAttention, DoesWithoutWhereTheEngineHasNone) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog;no-attention=1"}, {"mode", kEveryFrame}, {"attention", "true"}});

  GstBuffer* frame = harness.pass(kGray);

  EXPECT_EQ(caption_of(frame), "a dog");
  EXPECT_EQ(words_of(frame), 0U);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
  gst_buffer_unref(frame);
}

TEST(ElementAttention, TakesNoMoreWordsThanTheElementAskedFor) {
  std::string text = "word";
  for (int i = 1; i < 60; i++)
    text += " word";
  CaptionHarness harness({{"model", "fake:text=" + text},
                          {"mode", kEveryFrame},
                          {"max-words", "50"},
                          {"attention", "true"}});

  EXPECT_EQ(words_passed(harness), 50U);
}

TEST(ElementAttention, MakesWordsThatAreNotUtf8Valid) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog;broken=1"}, {"mode", kEveryFrame}, {"attention", "true"}});

  GstBuffer* frame = harness.pass(kGray);

  ASSERT_EQ(words_of(frame), 2U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(gst_buffer_get_jetson_caption_meta(frame), 1),
               "dog\xef\xbf\xbd");
  gst_buffer_unref(frame);
}

}  // namespace
}  // namespace jetsoncaption
