// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts with probabilities, shared by all copies of a meta: its words and its tags.
#include "captionlist.h"

#include "gst/jetsoncaptionmeta/jetsoncaptionmeta.h"

GstJetsonCaptionList* gst_jetson_caption_list_new(const gchar* const* texts,
                                                  const gdouble* probabilities, guint size) {
  GstJetsonCaptionList* self = g_new0(GstJetsonCaptionList, 1);

  self->references = 1;
  self->size = size;
  self->texts = g_new0(gchar*, size + 1);
  self->probabilities = g_new(gdouble, size);
  for (guint i = 0; i < size; i++) {
    self->texts[i] = g_utf8_make_valid(texts[i], -1);
    // Written so that not-a-number, which compares false, ends as 0.
    self->probabilities[i] = probabilities[i] > 0.0 ? MIN(probabilities[i], 1.0) : 0.0;
  }
  return self;
}

GstJetsonCaptionList* gst_jetson_caption_list_ref(GstJetsonCaptionList* list) {
  if (list != NULL)
    g_atomic_int_inc(&list->references);
  return list;
}

void gst_jetson_caption_list_unref(GstJetsonCaptionList* list) {
  if (list == NULL || !g_atomic_int_dec_and_test(&list->references))
    return;
  g_strfreev(list->texts);
  g_free(list->probabilities);
  g_free(list);
}

static void set_list(gpointer* list, const gchar* const* texts, const gdouble* probabilities,
                     guint size) {
  // Made first: what is given may be what the list already holds.
  GstJetsonCaptionList* made =
      size > 0 ? gst_jetson_caption_list_new(texts, probabilities, size) : NULL;

  gst_jetson_caption_list_unref(*list);
  *list = made;
}

/**
 * gst_jetson_caption_meta_set_words: (skip)
 * @meta: a #GstJetsonCaptionMeta of a writable buffer
 * @words: the @n_words words of the text in their order, copied; bytes that are not UTF-8 become
 *   U+FFFD
 * @probabilities: how likely the model found each word; brought into 0 to 1, not-a-number becomes 0
 * @n_words: at most #GST_JETSON_CAPTION_META_MAX_WORDS; 0 takes the words away
 *
 * Lists the words of the caption. For elements that describe frames.
 *
 * Returns: %TRUE, or %FALSE if a limit is exceeded
 *
 * Since: 0.1
 */
gboolean gst_jetson_caption_meta_set_words(GstJetsonCaptionMeta* meta, const gchar* const* words,
                                           const gdouble* probabilities, guint n_words) {
  g_return_val_if_fail(meta != NULL, FALSE);
  g_return_val_if_fail(n_words <= GST_JETSON_CAPTION_META_MAX_WORDS, FALSE);
  g_return_val_if_fail(n_words == 0 || (words != NULL && probabilities != NULL), FALSE);

  set_list(&meta->words, words, probabilities, n_words);
  return TRUE;
}

/**
 * gst_jetson_caption_meta_get_n_words:
 * @meta: a #GstJetsonCaptionMeta
 *
 * Returns: how many words are listed; 0 when the element was not asked for `attention`, and when
 *   the caption is empty
 *
 * Since: 0.1
 */
guint gst_jetson_caption_meta_get_n_words(const GstJetsonCaptionMeta* meta) {
  const GstJetsonCaptionList* words;

  g_return_val_if_fail(meta != NULL, 0);
  words = meta->words;
  return words != NULL ? words->size : 0;
}

/**
 * gst_jetson_caption_meta_get_word:
 * @meta: a #GstJetsonCaptionMeta
 * @index: less than gst_jetson_caption_meta_get_n_words()
 *
 * Returns: (transfer none): a word of the caption, valid UTF-8, owned by @meta
 *
 * Since: 0.1
 */
const gchar* gst_jetson_caption_meta_get_word(const GstJetsonCaptionMeta* meta, guint index) {
  const GstJetsonCaptionList* words;

  g_return_val_if_fail(index < gst_jetson_caption_meta_get_n_words(meta), NULL);
  words = meta->words;
  return words->texts[index];
}

/**
 * gst_jetson_caption_meta_get_word_probability:
 * @meta: a #GstJetsonCaptionMeta
 * @index: less than gst_jetson_caption_meta_get_n_words()
 *
 * Returns: how likely the model found the word, given the picture and the words before it; 0 to 1
 *
 * Since: 0.1
 */
gdouble gst_jetson_caption_meta_get_word_probability(const GstJetsonCaptionMeta* meta,
                                                     guint index) {
  const GstJetsonCaptionList* words;

  g_return_val_if_fail(index < gst_jetson_caption_meta_get_n_words(meta), 0.0);
  words = meta->words;
  return words->probabilities[index];
}

/**
 * gst_jetson_caption_meta_set_tags: (skip)
 * @meta: a #GstJetsonCaptionMeta of a writable buffer
 * @tags: the @n_tags likeliest things in the picture, likeliest first, copied; bytes that are not
 *   UTF-8 become U+FFFD
 * @probabilities: how likely a person would name each; brought into 0 to 1, not-a-number becomes 0
 * @n_tags: at most #GST_JETSON_CAPTION_META_MAX_TAGS; 0 takes the tags away
 *
 * Lists what the picture shows. For elements that describe frames.
 *
 * Returns: %TRUE, or %FALSE if a limit is exceeded
 *
 * Since: 0.1
 */
gboolean gst_jetson_caption_meta_set_tags(GstJetsonCaptionMeta* meta, const gchar* const* tags,
                                          const gdouble* probabilities, guint n_tags) {
  g_return_val_if_fail(meta != NULL, FALSE);
  g_return_val_if_fail(n_tags <= GST_JETSON_CAPTION_META_MAX_TAGS, FALSE);
  g_return_val_if_fail(n_tags == 0 || (tags != NULL && probabilities != NULL), FALSE);

  set_list(&meta->tags, tags, probabilities, n_tags);
  return TRUE;
}

/**
 * gst_jetson_caption_meta_get_n_tags:
 * @meta: a #GstJetsonCaptionMeta
 *
 * Returns: how many tags are listed; 0 when the model has none
 *
 * Since: 0.1
 */
guint gst_jetson_caption_meta_get_n_tags(const GstJetsonCaptionMeta* meta) {
  const GstJetsonCaptionList* tags;

  g_return_val_if_fail(meta != NULL, 0);
  tags = meta->tags;
  return tags != NULL ? tags->size : 0;
}

/**
 * gst_jetson_caption_meta_get_tag:
 * @meta: a #GstJetsonCaptionMeta
 * @index: less than gst_jetson_caption_meta_get_n_tags(); 0 is the likeliest
 *
 * Returns: (transfer none): a thing that the picture may show, an everyday noun in valid UTF-8,
 *   owned by @meta
 *
 * Since: 0.1
 */
const gchar* gst_jetson_caption_meta_get_tag(const GstJetsonCaptionMeta* meta, guint index) {
  const GstJetsonCaptionList* tags;

  g_return_val_if_fail(index < gst_jetson_caption_meta_get_n_tags(meta), NULL);
  tags = meta->tags;
  return tags->texts[index];
}

/**
 * gst_jetson_caption_meta_get_tag_probability:
 * @meta: a #GstJetsonCaptionMeta
 * @index: less than gst_jetson_caption_meta_get_n_tags()
 *
 * Returns: how likely a person would name the tag; 0 to 1
 *
 * Since: 0.1
 */
gdouble gst_jetson_caption_meta_get_tag_probability(const GstJetsonCaptionMeta* meta, guint index) {
  const GstJetsonCaptionList* tags;

  g_return_val_if_fail(index < gst_jetson_caption_meta_get_n_tags(meta), 0.0);
  tags = meta->tags;
  return tags->probabilities[index];
}
