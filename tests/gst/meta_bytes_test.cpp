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
