// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a caption on a buffer: it is stored, copied, scaled, replaced and forgotten.
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

namespace {

struct BufferUnref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferUnref>;

class CaptionMeta : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static BufferPtr make_buffer() {
    return BufferPtr(gst_buffer_new_allocate(nullptr, 64, nullptr));
  }

  static GstJetsonCaptionMeta* add(const BufferPtr& buffer, const char* text) {
    return gst_buffer_add_jetson_caption_meta(
        buffer.get(), text, 0.5, 3 * GST_SECOND, 90, 40 * GST_MSECOND,
        GstJetsonCaptionFlags(GST_JETSON_CAPTION_FLAG_NEW | GST_JETSON_CAPTION_FLAG_TRUNCATED));
  }

  static void expect_same_caption(const BufferPtr& buffer) {
    const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(buffer.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_STREQ(gst_jetson_caption_meta_get_text(meta), "a dog runs");
    EXPECT_EQ(gst_jetson_caption_meta_get_confidence(meta), 0.5);
    EXPECT_EQ(gst_jetson_caption_meta_get_timestamp(meta), 3 * GST_SECOND);
    EXPECT_EQ(gst_jetson_caption_meta_get_frame(meta), 90U);
    EXPECT_EQ(gst_jetson_caption_meta_get_inference_time(meta), 40 * GST_MSECOND);
    EXPECT_EQ(gst_jetson_caption_meta_get_flags(meta),
              GST_JETSON_CAPTION_FLAG_NEW | GST_JETSON_CAPTION_FLAG_TRUNCATED);
  }

  // Runs the transformation that elements run, without an element.
  static gboolean transform(const BufferPtr& to, const BufferPtr& from, GQuark type,
                            gpointer data) {
    GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(from.get());
    return GST_JETSON_CAPTION_META_INFO->transform_func(to.get(), &meta->meta, from.get(), type,
                                                        data);
  }
};

TEST_F(CaptionMeta, ReturnsWhatWasAdded) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* added = add(buffer, "a dog runs");

  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(buffer.get()), added);
  expect_same_caption(buffer);
}

TEST_F(CaptionMeta, IsMissingOnABufferWithoutOne) {
  const BufferPtr buffer = make_buffer();

  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(buffer.get()), nullptr);
}

TEST_F(CaptionMeta, ReplacesAnOlderCaption) {
  const BufferPtr buffer = make_buffer();
  add(buffer, "a cat sleeps");
  add(buffer, "a dog runs");

  gpointer state = nullptr;
  int metas = 0;
  while (gst_buffer_iterate_meta(buffer.get(), &state) != nullptr)
    ++metas;
  EXPECT_EQ(metas, 1);
  expect_same_caption(buffer);
}

TEST_F(CaptionMeta, MayBeReplacedByItsOwnText) {
  const BufferPtr buffer = make_buffer();
  const GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");

  add(buffer, meta->text);

  expect_same_caption(buffer);
}

TEST_F(CaptionMeta, OwnsItsText) {
  const BufferPtr buffer = make_buffer();
  std::string text = "a dog runs";
  add(buffer, text.c_str());

  text.assign(text.size(), '?');

  expect_same_caption(buffer);
}

TEST_F(CaptionMeta, SurvivesACopyThatOutlivesTheOriginal) {
  BufferPtr buffer = make_buffer();
  add(buffer, "a dog runs");

  const BufferPtr copy(gst_buffer_copy(buffer.get()));
  buffer.reset();

  expect_same_caption(copy);
}

TEST_F(CaptionMeta, SurvivesTheCopyOfARegion) {
  const BufferPtr buffer = make_buffer();
  add(buffer, "a dog runs");

  const BufferPtr part(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 16, 8));

  ASSERT_EQ(gst_buffer_get_size(part.get()), 8U);
  expect_same_caption(part);
}

TEST_F(CaptionMeta, SurvivesAChangeOfSize) {
  const BufferPtr from = make_buffer();
  const BufferPtr to = make_buffer();
  add(from, "a dog runs");
  GstVideoInfo large, small;
  gst_video_info_set_format(&large, GST_VIDEO_FORMAT_NV12, 64, 64);
  gst_video_info_set_format(&small, GST_VIDEO_FORMAT_NV12, 32, 32);
  GstVideoMetaTransform scale = {&large, &small};

  EXPECT_TRUE(transform(to, from, gst_video_meta_transform_scale_get_quark(), &scale));

  expect_same_caption(to);
}

TEST_F(CaptionMeta, RefusesAnUnknownTransformationSilently) {
  const BufferPtr from = make_buffer();
  const BufferPtr to = make_buffer();
  add(from, "a dog runs");

  EXPECT_FALSE(transform(to, from, g_quark_from_static_string("test-unknown-transform"), nullptr));

  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(to.get()), nullptr);
}

TEST_F(CaptionMeta, IsLostWhenAPoolRecyclesTheBuffer) {
  GstBufferPool* pool = gst_buffer_pool_new();
  GstStructure* config = gst_buffer_pool_get_config(pool);
  gst_buffer_pool_config_set_params(config, nullptr, 64, 1, 1);
  ASSERT_TRUE(gst_buffer_pool_set_config(pool, config));
  ASSERT_TRUE(gst_buffer_pool_set_active(pool, TRUE));
  GstBuffer* first = nullptr;
  ASSERT_EQ(gst_buffer_pool_acquire_buffer(pool, &first, nullptr), GST_FLOW_OK);
  gst_buffer_add_jetson_caption_meta(first, "a dog runs", 1.0, 0, 0, 0,
                                     GST_JETSON_CAPTION_FLAG_NONE);
  gst_buffer_unref(first);

  GstBuffer* second = nullptr;
  ASSERT_EQ(gst_buffer_pool_acquire_buffer(pool, &second, nullptr), GST_FLOW_OK);

  EXPECT_EQ(second, first) << "the pool has only one buffer";
  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(second), nullptr);
  gst_buffer_unref(second);
  gst_buffer_pool_set_active(pool, FALSE);
  gst_object_unref(pool);
}

TEST_F(CaptionMeta, RefusesNoText) {
  const BufferPtr buffer = make_buffer();

  g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*text != NULL*");
  EXPECT_EQ(add(buffer, nullptr), nullptr);
  g_test_assert_expected_messages();

  EXPECT_EQ(gst_buffer_get_jetson_caption_meta(buffer.get()), nullptr);
}

TEST_F(CaptionMeta, RefusesABufferThatIsNotWritable) {
  const BufferPtr buffer = make_buffer();
  const BufferPtr second_owner(gst_buffer_ref(buffer.get()));

  g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*is_writable*");
  EXPECT_EQ(add(buffer, "a dog runs"), nullptr);
  g_test_assert_expected_messages();
}

TEST_F(CaptionMeta, KeepsALongText) {
  const BufferPtr buffer = make_buffer();
  const std::string text(100000, 'x');

  const GstJetsonCaptionMeta* meta = add(buffer, text.c_str());

  EXPECT_EQ(text, meta->text);
}

TEST_F(CaptionMeta, MakesInvalidUtf8Valid) {
  const BufferPtr buffer = make_buffer();

  const GstJetsonCaptionMeta* meta = add(buffer, "caf\xe9 au lait");

  EXPECT_STREQ(meta->text, "caf\xef\xbf\xbd au lait");
}

TEST_F(CaptionMeta, KeepsConfidenceBetweenZeroAndOne) {
  const auto stored = [](double confidence) {
    const BufferPtr buffer = make_buffer();
    return gst_buffer_add_jetson_caption_meta(buffer.get(), "", confidence, 0, 0, 0,
                                              GST_JETSON_CAPTION_FLAG_NONE)
        ->confidence;
  };

  EXPECT_EQ(stored(-0.1), 0.0);
  EXPECT_EQ(stored(1.5), 1.0);
  EXPECT_EQ(stored(std::numeric_limits<double>::quiet_NaN()), 0.0);
}

// Three words with a grid of 3x2.
const std::vector<float> kMaps = {0, 0.25F, 0.75F, 0, 0, 0,   // a
                                  1, 0,     0,     0, 0, 0,   // dog
                                  0, 0,     0,     0, 0, 1};  // runs

gboolean list_words(GstJetsonCaptionMeta* meta) {
  const gchar* words[] = {"a", "dog", "runs"};
  const gdouble probabilities[] = {0.9, 0.5, 0.25};
  return gst_jetson_caption_meta_set_words(meta, words, probabilities, 3);
}

gboolean set_maps(const BufferPtr& buffer) {
  return gst_buffer_set_jetson_caption_attention(buffer.get(), kMaps.data(), 3, 3, 2);
}

const gfloat* map_of(const BufferPtr& buffer, guint word) {
  return gst_buffer_get_jetson_caption_attention(buffer.get(), word, nullptr, nullptr, nullptr);
}

void expect_words(const BufferPtr& buffer) {
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(buffer.get());
  ASSERT_EQ(gst_jetson_caption_meta_get_n_words(meta), 3U);
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 0), "a");
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 2), "runs");
  EXPECT_EQ(gst_jetson_caption_meta_get_word_probability(meta, 1), 0.5);
  for (guint i = 0; i < 3; i++) {
    guint columns = 0, rows = 0;
    gsize values = 0;
    const gfloat* map =
        gst_buffer_get_jetson_caption_attention(buffer.get(), i, &columns, &rows, &values);
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(columns, 3U);
    EXPECT_EQ(rows, 2U);
    ASSERT_EQ(values, 6U);
    EXPECT_EQ(std::vector<float>(map, map + values),
              std::vector<float>(kMaps.begin() + i * 6, kMaps.begin() + (i + 1) * 6));
  }
}

TEST_F(CaptionMeta, ListsNoWordsUnlessTheyAreGiven) {
  const BufferPtr buffer = make_buffer();

  const GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");

  EXPECT_EQ(gst_jetson_caption_meta_get_n_words(meta), 0U);
}

TEST_F(CaptionMeta, ListsWordsWithTheirMaps) {
  const BufferPtr buffer = make_buffer();

  EXPECT_TRUE(list_words(add(buffer, "a dog runs")));
  EXPECT_TRUE(set_maps(buffer));

  expect_words(buffer);
  expect_same_caption(buffer);
}

TEST_F(CaptionMeta, GivesAMapToWhoDoesNotAskForItsSize) {
  const BufferPtr buffer = make_buffer();
  add(buffer, "a dog runs");
  set_maps(buffer);

  EXPECT_NE(map_of(buffer, 0), nullptr);
}

TEST_F(CaptionMeta, KeepsItsWordsInACopyThatOutlivesTheOriginal) {
  BufferPtr buffer = make_buffer();
  list_words(add(buffer, "a dog runs"));
  set_maps(buffer);

  const BufferPtr copy(gst_buffer_copy(buffer.get()));
  buffer.reset();

  expect_words(copy);
}

TEST_F(CaptionMeta, KeepsItsWordsAndMapsThroughAChangeOfSize) {
  BufferPtr from = make_buffer();
  const BufferPtr to = make_buffer();
  list_words(add(from, "a dog runs"));
  set_maps(from);
  GstVideoInfo large, small;
  gst_video_info_set_format(&large, GST_VIDEO_FORMAT_NV12, 64, 64);
  gst_video_info_set_format(&small, GST_VIDEO_FORMAT_NV12, 32, 32);
  GstVideoMetaTransform scale = {&large, &small};
  const GQuark type = gst_video_meta_transform_scale_get_quark();
  GstMeta* maps = gst_buffer_get_meta(from.get(), GST_JETSON_CAPTION_ATTENTION_META_API_TYPE);

  // Whichever comes first.
  EXPECT_TRUE(maps->info->transform_func(to.get(), maps, from.get(), type, &scale));
  EXPECT_TRUE(transform(to, from, type, &scale));
  from.reset();

  expect_words(to);
}

// videoscale adds borders then, and says only that it scales.
TEST_F(CaptionMeta, LosesItsMapsWhereThePictureGetsAnotherShape) {
  const BufferPtr from = make_buffer();
  set_maps(from);
  GstMeta* maps = gst_buffer_get_meta(from.get(), GST_JETSON_CAPTION_ATTENTION_META_API_TYPE);
  const auto survive = [&](int width, int height, int par_n, int par_d) {
    GstVideoInfo wide, other;
    gst_video_info_set_format(&wide, GST_VIDEO_FORMAT_NV12, 1920, 1080);
    gst_video_info_set_format(&other, GST_VIDEO_FORMAT_NV12, width, height);
    GST_VIDEO_INFO_PAR_N(&other) = par_n;
    GST_VIDEO_INFO_PAR_D(&other) = par_d;
    GstVideoMetaTransform scale = {&wide, &other};
    const BufferPtr to = make_buffer();
    return maps->info->transform_func(to.get(), maps, from.get(),
                                      gst_video_meta_transform_scale_get_quark(), &scale) != FALSE;
  };
  EXPECT_TRUE(survive(640, 360, 1, 1));
  EXPECT_TRUE(survive(854, 480, 1, 1)) << "as near as pixels go";
  EXPECT_TRUE(survive(640, 640, 16, 9)) << "of the same shape when it is shown";
  EXPECT_FALSE(survive(640, 640, 1, 1));
  EXPECT_FALSE(survive(640, 480, 1, 1));
}

// As elements ask that turn, crop or encode pictures: a sentence belongs to none of it, a map to
// all.
TEST_F(CaptionMeta, HasNoTagsAndItsMapsThoseOfThePicture) {
  EXPECT_EQ(gst_meta_api_type_get_tags(GST_JETSON_CAPTION_META_API_TYPE), nullptr);
  for (const char* tag :
       {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR})
    EXPECT_TRUE(gst_meta_api_type_has_tag(GST_JETSON_CAPTION_ATTENTION_META_API_TYPE,
                                          g_quark_from_string(tag)))
        << tag;
}

TEST_F(CaptionMeta, LeavesTheWordsOfACopyAloneWhenItsOwnChange) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  list_words(meta);
  set_maps(buffer);
  const BufferPtr copy(gst_buffer_copy(buffer.get()));

  EXPECT_TRUE(gst_jetson_caption_meta_set_words(meta, nullptr, nullptr, 0));
  EXPECT_TRUE(gst_buffer_set_jetson_caption_attention(buffer.get(), nullptr, 0, 0, 0));

  EXPECT_EQ(gst_jetson_caption_meta_get_n_words(meta), 0U);
  expect_words(copy);
}

TEST_F(CaptionMeta, ForgetsTheWordsOfACaptionThatIsReplaced) {
  const BufferPtr buffer = make_buffer();
  list_words(add(buffer, "a cat sleeps"));
  set_maps(buffer);

  const GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");

  EXPECT_EQ(gst_jetson_caption_meta_get_n_words(meta), 0U);
  EXPECT_EQ(map_of(buffer, 0), nullptr);
}

TEST_F(CaptionMeta, MayBeGivenItsOwnWordsAndMapsAgain) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  list_words(meta);
  set_maps(buffer);
  const gchar* words[] = {gst_jetson_caption_meta_get_word(meta, 0),
                          gst_jetson_caption_meta_get_word(meta, 1),
                          gst_jetson_caption_meta_get_word(meta, 2)};
  const gdouble probabilities[] = {0.9, 0.5, 0.25};

  EXPECT_TRUE(gst_jetson_caption_meta_set_words(meta, words, probabilities, 3));
  EXPECT_TRUE(gst_buffer_set_jetson_caption_attention(buffer.get(), map_of(buffer, 0), 3, 3, 2));

  expect_words(buffer);
}

TEST_F(CaptionMeta, MayListWordsWithoutMaps) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  const gchar* words[] = {"caf\xe9"};
  const gdouble probabilities[] = {std::numeric_limits<double>::quiet_NaN()};

  EXPECT_TRUE(gst_jetson_caption_meta_set_words(meta, words, probabilities, 1));

  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, 0), "caf\xef\xbf\xbd");
  EXPECT_EQ(gst_jetson_caption_meta_get_word_probability(meta, 0), 0.0);
  guint columns = 7, rows = 7;
  gsize values = 49;
  EXPECT_EQ(gst_buffer_get_jetson_caption_attention(buffer.get(), 0, &columns, &rows, &values),
            nullptr);
  EXPECT_EQ(columns, 0U);
  EXPECT_EQ(rows, 0U);
  EXPECT_EQ(values, 0U);
}

TEST_F(CaptionMeta, ListsAsManyWordsAndCellsAsItsLimitsAllow) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  const std::vector<const gchar*> words(GST_JETSON_CAPTION_META_MAX_WORDS, "dog");
  const std::vector<gdouble> probabilities(words.size(), 0.5);
  std::vector<float> maps(words.size() * GST_JETSON_CAPTION_META_MAX_CELLS, 0.0F);
  maps.back() = 1.0F;

  EXPECT_TRUE(gst_jetson_caption_meta_set_words(meta, words.data(), probabilities.data(),
                                                GST_JETSON_CAPTION_META_MAX_WORDS));
  EXPECT_TRUE(gst_buffer_set_jetson_caption_attention(buffer.get(), maps.data(),
                                                      GST_JETSON_CAPTION_META_MAX_WORDS, 32, 32));

  const guint last = GST_JETSON_CAPTION_META_MAX_WORDS - 1;
  EXPECT_STREQ(gst_jetson_caption_meta_get_word(meta, last), "dog");
  EXPECT_EQ(map_of(buffer, last)[1023], 1.0F);
}

TEST_F(CaptionMeta, RefusesMoreThanItsLimitsAllowAndKeepsWhatItHas) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  list_words(meta);
  set_maps(buffer);
  const guint many = GST_JETSON_CAPTION_META_MAX_WORDS + 1;
  const std::vector<const gchar*> words(many, "dog");
  const std::vector<gdouble> probabilities(many, 0.5);
  const auto refuses = [&](guint n_words, guint columns, guint rows) {
    g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*failed*");
    EXPECT_FALSE(gst_buffer_set_jetson_caption_attention(buffer.get(), kMaps.data(), n_words,
                                                         columns, rows));
    g_test_assert_expected_messages();
  };

  g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*failed*");
  EXPECT_FALSE(gst_jetson_caption_meta_set_words(meta, words.data(), probabilities.data(), many));
  g_test_assert_expected_messages();
  refuses(many, 1, 1);
  refuses(0, 1, 1);
  refuses(1, 0, 7);
  refuses(1, 65, 16);
  refuses(1, G_MAXUINT, G_MAXUINT);

  expect_words(buffer);
}

TEST_F(CaptionMeta, HasNoWordBehindTheLast) {
  const BufferPtr buffer = make_buffer();
  GstJetsonCaptionMeta* meta = add(buffer, "a dog runs");
  list_words(meta);
  set_maps(buffer);
  const auto expect_complaint = [] {
    g_test_expect_message("GStreamer-JetsonCaptionMeta", G_LOG_LEVEL_CRITICAL, "*n_words*");
  };

  expect_complaint();
  EXPECT_EQ(gst_jetson_caption_meta_get_word(meta, 3), nullptr);
  g_test_assert_expected_messages();
  expect_complaint();
  EXPECT_EQ(gst_jetson_caption_meta_get_word_probability(meta, G_MAXUINT), 0.0);
  g_test_assert_expected_messages();
  EXPECT_EQ(map_of(buffer, 3), nullptr);
  EXPECT_EQ(map_of(buffer, G_MAXUINT), nullptr);
}

TEST_F(CaptionMeta, NamesItsFlagsForBindings) {
  auto* flags = static_cast<GFlagsClass*>(g_type_class_ref(GST_TYPE_JETSON_CAPTION_FLAGS));

  EXPECT_EQ(g_flags_get_value_by_nick(flags, "stale")->value, guint{GST_JETSON_CAPTION_FLAG_STALE});
  g_type_class_unref(flags);
}

}  // namespace
