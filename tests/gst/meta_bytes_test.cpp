// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as bytes, which GStreamer 1.24 and later write and read: all of it comes back, and no
// bytes do harm.
#include <string>

#include <gst/gst.h>
#include <gtest/gtest.h>

#include "captionvariant.h"

namespace {

GBytes* bytes_of_a_caption() {
  GstBuffer* buffer = gst_buffer_new();
  GstJetsonCaptionMeta* meta =
      gst_buffer_add_jetson_caption_meta(buffer, "a caf\xc3\xa9", 0.5, GST_CLOCK_TIME_NONE, 90,
                                         40 * GST_MSECOND, GST_JETSON_CAPTION_FLAG_STALE);
  const gchar* words[] = {"a", "caf\xc3\xa9"};
  const gdouble probabilities[] = {1, 0.25};
  gst_jetson_caption_meta_set_words(meta, words, probabilities, 2);
  const gchar* tags[] = {"cup", "table", "caf\xc3\xa9"};
  const gdouble tag_probabilities[] = {0.75, 0.5, 0.125};
  gst_jetson_caption_meta_set_tags(meta, tags, tag_probabilities, 3);
  GBytes* bytes = gst_jetson_caption_to_bytes(meta);
  gst_buffer_unref(buffer);
  return bytes;
}

class CaptionBytes : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  CaptionBytes() : bytes_(bytes_of_a_caption()), buffer_(gst_buffer_new()) {
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(bytes_, &size));
    text_.assign(data, size);
  }
  ~CaptionBytes() override {
    g_bytes_unref(bytes_);
    gst_buffer_unref(buffer_);
  }

  GstJetsonCaptionMeta* read(const std::string& bytes) {
    return gst_jetson_caption_from_bytes(buffer_, reinterpret_cast<const guint8*>(bytes.data()),
                                         bytes.size());
  }

  GBytes* const bytes_;
  GstBuffer* const buffer_;
  std::string text_;
};

TEST_F(CaptionBytes, AreTheCaptionAgain) {
  const GstJetsonCaptionMeta* meta = read(text_);
  ASSERT_NE(meta, nullptr);
  EXPECT_STREQ(meta->text, "a caf\xc3\xa9");
  EXPECT_EQ(meta->confidence, 0.5);
  EXPECT_EQ(meta->timestamp, GST_CLOCK_TIME_NONE);
  EXPECT_EQ(meta->frame, 90U);
  EXPECT_EQ(meta->inference_time, 40 * GST_MSECOND);
  EXPECT_EQ(meta->flags, GST_JETSON_CAPTION_FLAG_STALE);
  ASSERT_EQ(gst_jetson_caption_meta_get_n_words(meta), 2U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 1), "caf\xc3\xa9");
  EXPECT_EQ(gst_jetson_caption_meta_get_word_probability(meta, 1), 0.25);
  ASSERT_EQ(gst_jetson_caption_meta_get_n_tags(meta), 3U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, 0), "cup");
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, 2), "caf\xc3\xa9");
  EXPECT_EQ(gst_jetson_caption_meta_get_tag_probability(meta, 2), 0.125);
}

// "(sdtttua(sd)a(sd))" with more of them than a meta lists.
TEST_F(CaptionBytes, WithTooManyTagsListTheFirst) {
  GVariantBuilder words, tags;
  g_variant_builder_init(&words, G_VARIANT_TYPE("a(sd)"));
  g_variant_builder_init(&tags, G_VARIANT_TYPE("a(sd)"));
  for (guint i = 0; i <= GST_JETSON_CAPTION_META_MAX_TAGS; i++)
    g_variant_builder_add(&tags, "(sd)", std::to_string(i).c_str(), 0.5);
  GVariant* variant =
      g_variant_ref_sink(g_variant_new("(sdtttua(sd)a(sd))", "a dog", 0.5, guint64{0}, guint64{0},
                                       guint64{0}, guint32{0}, &words, &tags));
  if (G_BYTE_ORDER == G_BIG_ENDIAN) {
    GVariant* swapped = g_variant_byteswap(variant);
    g_variant_unref(variant);
    variant = swapped;
  }

  const GstJetsonCaptionMeta* meta = read(std::string(
      static_cast<const char*>(g_variant_get_data(variant)), g_variant_get_size(variant)));

  ASSERT_NE(meta, nullptr);
  ASSERT_EQ(gst_jetson_caption_meta_get_n_tags(meta), guint{GST_JETSON_CAPTION_META_MAX_TAGS});
  EXPECT_STREQ(gst_jetson_caption_meta_get_tag(meta, GST_JETSON_CAPTION_META_MAX_TAGS - 1), "31");
  g_variant_unref(variant);
}

TEST_F(CaptionBytes, OfAnyKindDoNoHarm) {
  read("");
  for (size_t size = 0; size < text_.size(); size++)
    read(text_.substr(0, size));
  for (size_t i = 0; i < text_.size(); i++) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string changed = text_;
      changed[i] = byte;
      const GstJetsonCaptionMeta* meta = read(changed);
      if (meta != nullptr) {
        EXPECT_TRUE(g_utf8_validate(meta->text, -1, nullptr));
      }
    }
  }
}

}  // namespace
