// SPDX-License-Identifier: LGPL-2.1-or-later
// The tags of a model, on their way to the metadata and to the bus.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};
constexpr char kEveryFrame[] = "every-frame";

guint tags_of(GstBuffer* buffer) {
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(buffer);
  return meta != nullptr ? gst_jetson_caption_meta_get_n_tags(meta) : 0;
}

// The field "tags" of the next caption message, as a copy; an empty value without one.
struct MessageTags {
  explicit MessageTags(CaptionHarness& harness) {
    GstMessage* message = harness.wait_for_message(GST_MESSAGE_ELEMENT);
    if (message == nullptr)
      return;
    const GValue* tags = gst_structure_get_value(gst_message_get_structure(message), "tags");
    if (tags != nullptr) {
      g_value_init(&value, G_VALUE_TYPE(tags));
      g_value_copy(tags, &value);
    }
    gst_message_unref(message);
  }
  ~MessageTags() { g_value_unset(&value); }
  MessageTags(const MessageTags&) = delete;
  MessageTags& operator=(const MessageTags&) = delete;

  GValue value = G_VALUE_INIT;
};

TEST(ElementTags, StandInTheMetadata) {
  CaptionHarness harness({{"model", "fake:text=a dog;tag=dog"}, {"mode", kEveryFrame}});
  GstBuffer* frame = harness.pass(kGray);
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(frame);
  ASSERT_EQ(tags_of(frame), 1U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, 0), "dog");
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta, 0), 0.75);
  gst_buffer_unref(frame);
}

TEST(ElementTags, AreSharedByTheFramesOfACaption) {
  CaptionHarness harness(
      {{"model", "fake:text=a dog;tag=dog"}, {"mode", kEveryFrame}, {"interval", "2"}});
  GstBuffer* first = harness.pass(kGray);
  GstBuffer* second = harness.pass(kGray);
  ASSERT_EQ(tags_of(second), 1U);
  EXPECT_EQ(gst_jetson_caption_meta_get_tag(gst_buffer_get_jetson_caption_meta(first), 0),
            gst_jetson_caption_meta_get_tag(gst_buffer_get_jetson_caption_meta(second), 0));
  gst_buffer_unref(first);
  gst_buffer_unref(second);
}

TEST(ElementTags, StandInTheMessage) {
  CaptionHarness harness({{"model", "fake:text=a dog;tag=dog"}, {"mode", kEveryFrame}});
  harness.pass_and_drop(kGray);
  const MessageTags tags(harness);
  ASSERT_TRUE(GST_VALUE_HOLDS_ARRAY(&tags.value));
  ASSERT_EQ(gst_value_array_get_size(&tags.value), 1U);
  const GstStructure* tag = gst_value_get_structure(gst_value_array_get_value(&tags.value, 0));
  double probability = 0;
  EXPECT_STREQ(gst_structure_get_string(tag, "tag"), "dog");
  EXPECT_TRUE(gst_structure_get_double(tag, "probability", &probability));
  EXPECT_EQ(probability, 0.75);
}

TEST(ElementTags, AreNoneWhereTheModelHasNone) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", kEveryFrame}});
  GstBuffer* frame = harness.pass(kGray);
  EXPECT_EQ(tags_of(frame), 0U);
  gst_buffer_unref(frame);
  const MessageTags tags(harness);
  ASSERT_TRUE(GST_VALUE_HOLDS_ARRAY(&tags.value)) << "the field is there all the same";
  EXPECT_EQ(gst_value_array_get_size(&tags.value), 0U);
}

}  // namespace
}  // namespace jetsoncaption
