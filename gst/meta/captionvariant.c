// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as a GVariant, whose serialised form is checked while it is read.
#include "captionvariant.h"

// Text, confidence, timestamp, frame, inference time, flags; words with their probabilities.
#define TYPE "(sdtttua(sd))"

// Little-endian in the bytes.
static GVariant* to_other_end(GVariant* variant) {
#if G_BYTE_ORDER == G_BIG_ENDIAN
  GVariant* swapped = g_variant_byteswap(variant);
  g_variant_unref(variant);
  return swapped;
#else
  return variant;
#endif
}

GBytes* gst_jetson_caption_to_bytes(const GstJetsonCaptionMeta* meta) {
  GVariantBuilder words;
  GVariant* variant;
  GBytes* bytes;

  g_variant_builder_init(&words, G_VARIANT_TYPE("a(sd)"));
  for (guint i = 0; i < gst_jetson_caption_meta_get_n_words(meta); i++)
    g_variant_builder_add(&words, "(sd)", gst_jetson_caption_meta_get_word(meta, i),
                          gst_jetson_caption_meta_get_word_probability(meta, i));
  variant = g_variant_ref_sink(
      g_variant_new(TYPE, meta->text, meta->confidence, (guint64)meta->timestamp, meta->frame,
                    (guint64)meta->inference_time, (guint32)meta->flags, &words));
  variant = to_other_end(variant);
  bytes = g_variant_get_data_as_bytes(variant);
  g_variant_unref(variant);
  return bytes;
}

GstJetsonCaptionMeta* gst_jetson_caption_from_bytes(GstBuffer* buffer, const guint8* data,
                                                    gsize size) {
  // Copied, for the alignment, and not trusted.
  GBytes* bytes = g_bytes_new(data, size);
  GVariant* variant = to_other_end(
      g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(TYPE), bytes, FALSE)));
  GstJetsonCaptionMeta* meta = NULL;

  if (g_variant_is_normal_form(variant)) {
    const gchar* text;
    const gchar* words[GST_JETSON_CAPTION_META_MAX_WORDS];
    gdouble probabilities[GST_JETSON_CAPTION_META_MAX_WORDS];
    gdouble confidence;
    guint64 timestamp, frame, inference_time;
    guint32 flags;
    guint n_words = 0;
    GVariantIter* iter;

    g_variant_get(variant, "(&sdtttua(sd))", &text, &confidence, &timestamp, &frame,
                  &inference_time, &flags, &iter);
    while (n_words < GST_JETSON_CAPTION_META_MAX_WORDS &&
           g_variant_iter_next(iter, "(&sd)", &words[n_words], &probabilities[n_words]))
      n_words++;
    meta = gst_buffer_add_jetson_caption_meta(buffer, text, confidence, timestamp, frame,
                                              inference_time, (GstJetsonCaptionFlags)flags);
    if (meta != NULL)
      gst_jetson_caption_meta_set_words(meta, words, probabilities, n_words);
    g_variant_iter_free(iter);
  }
  g_variant_unref(variant);
  g_bytes_unref(bytes);
  return meta;
}
