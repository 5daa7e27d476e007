// SPDX-License-Identifier: LGPL-2.1-or-later
// The tags of a caption's metadata: what the picture shows, likeliest first.
#include <limits>
#include <memory>
#include <vector>

#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gst/video/gstvideometa.h>
#include <gtest/gtest.h>

namespace {

struct Unref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, Unref>;

BufferPtr make_buffer() {
  return BufferPtr(gst_buffer_new());
}

GstJetsonCaptionMeta* add(const BufferPtr& buffer) {
  return gst_buffer_add_jetson_caption_meta(buffer.get(), "a dog on a sofa", 0.5, 0, 0, 0,
                                            GST_JETSON_CAPTION_FLAG_NONE);
}

const GstJetsonCaptionMeta* caption_on(const BufferPtr& buffer) {
  return gst_buffer_get_jetson_caption_meta(buffer.get());
}

void list_tags(GstJetsonCaptionMeta* meta) {
  const gchar* tags[] = {"dog", "sofa"};
  const gdouble probabilities[] = {0.75, 0.5};
  EXPECT_TRUE(gst_jetson_caption_meta_set_tags(meta, tags, probabilities, 2));
}

void expect_tags(const GstJetsonCaptionMeta* meta) {
  ASSERT_NE(meta, nullptr);
  ASSERT_EQ(gst_jetson_caption_meta_get_n_tags(meta), 2U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, 0), "dog");
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta, 0), 0.75);
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, 1), "sofa");
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta, 1), 0.5);
}

class CaptionTags : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  CaptionTags() : buffer_(make_buffer()), meta_(add(buffer_)) {}

  const BufferPtr buffer_;
  GstJetsonCaptionMeta* const meta_;
};

TEST_F(CaptionTags, AreNoneUnlessTheyAreGiven) {
  EXPECT_EQ(gst_jetson_caption_meta_get_n_tags(meta_), 0U);
}

TEST_F(CaptionTags, AreListedLikeliestFirst) {
  list_tags(meta_);
  expect_tags(meta_);
  EXPECT_EQ(gst_jetson_caption_meta_get_n_words(meta_), 0U);
}

TEST_F(CaptionTags, StayInACopyThatOutlivesTheOriginal) {
  BufferPtr original = make_buffer();
  list_tags(add(original));
  const BufferPtr copy(gst_buffer_copy(original.get()));
  original.reset();
  expect_tags(caption_on(copy));
}

TEST_F(CaptionTags, AreSharedByCopies) {
  list_tags(meta_);
  const BufferPtr copy(gst_buffer_copy(buffer_.get()));
  EXPECT_EQ(gst_jetson_caption_meta_get_tag(caption_on(copy), 0),
            gst_jetson_caption_meta_get_tag(meta_, 0));
}

TEST_F(CaptionTags, StayThroughAChangeOfSize) {
  list_tags(meta_);
  GstVideoInfo from, to;
  gst_video_info_set_format(&from, GST_VIDEO_FORMAT_RGB, 640, 480);
  gst_video_info_set_format(&to, GST_VIDEO_FORMAT_RGB, 320, 240);
  GstVideoMetaTransform transform = {&from, &to};
  const BufferPtr scaled = make_buffer();
  ASSERT_TRUE(GST_JETSON_CAPTION_META_INFO->transform_func(
      scaled.get(), &meta_->meta, buffer_.get(), gst_video_meta_transform_scale_get_quark(),
      &transform));
  expect_tags(caption_on(scaled));
}

TEST_F(CaptionTags, OfACopyStayWhenThoseOfTheOriginalAreTakenAway) {
  list_tags(meta_);
  const BufferPtr copy(gst_buffer_copy(buffer_.get()));
  EXPECT_TRUE(gst_jetson_caption_meta_set_tags(meta_, nullptr, nullptr, 0));
  EXPECT_EQ(gst_jetson_caption_meta_get_n_tags(meta_), 0U);
  expect_tags(caption_on(copy));
}

TEST_F(CaptionTags, AreForgottenWithTheCaptionThatIsReplaced) {
  list_tags(meta_);
  EXPECT_EQ(gst_jetson_caption_meta_get_n_tags(add(buffer_)), 0U);
}

TEST_F(CaptionTags, MayBeGivenToTheirOwnMetaAgain) {
  list_tags(meta_);
  const gchar* tags[] = {gst_jetson_caption_meta_get_tag(meta_, 0),
                         gst_jetson_caption_meta_get_tag(meta_, 1)};
  const gdouble probabilities[] = {0.75, 0.5};
  EXPECT_TRUE(gst_jetson_caption_meta_set_tags(meta_, tags, probabilities, 2));
  expect_tags(meta_);
}

TEST_F(CaptionTags, AreValidTextAndProbabilities) {
  const gchar* tags[] = {"caf\xe9", "b", "c"};
  const gdouble probabilities[] = {std::numeric_limits<double>::quiet_NaN(), 7, -1};
  EXPECT_TRUE(gst_jetson_caption_meta_set_tags(meta_, tags, probabilities, 3));
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta_, 0), "caf\xef\xbf\xbd");
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta_, 0), 0.0);
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta_, 1), 1.0);
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta_, 2), 0.0);
}

TEST_F(CaptionTags, AreAsManyAsTheLimitAllowsAndNoMore) {
  list_tags(meta_);
  const guint most = GST_JETSON_CAPTION_META_MAX_TAGS;
  const std::vector<const gchar*> tags(most + 1, "dog");
  const std::vector<gdouble> probabilities(most + 1, 0.5);

  g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*failed*");
  EXPECT_FALSE(
      gst_jetson_caption_meta_set_tags(meta_, tags.data(), probabilities.data(), most + 1));
  g_test_assert_expected_messages();
  expect_tags(meta_);

  EXPECT_TRUE(gst_jetson_caption_meta_set_tags(meta_, tags.data(), probabilities.data(), most));
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta_, most - 1), "dog");
}

TEST_F(CaptionTags, EndWithTheLast) {
  list_tags(meta_);
  for (const guint index : {2U, G_MAXUINT}) {
    g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*n_tags*");
    EXPECT_EQ(gst_jetson_caption_meta_get_tag(meta_, index), nullptr);
    g_test_assert_expected_messages();
    g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*n_tags*");
    EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta_, index), 0.0);
    g_test_assert_expected_messages();
  }
}

}  // namespace
