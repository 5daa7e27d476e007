// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as a GVariant, whose serialised form is checked while it is read.
#include "captionvariant.h"

// Text, confidence, timestamp, frame, inference time, flags; words and tags, each with its
// probability.
#define TYPE "(sdtttua(sd)a(sd))"

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
  GVariantBuilder words, tags;
  GVariant* variant;
  GBytes* bytes;

  g_variant_builder_init(&words, G_VARIANT_TYPE("a(sd)"));
  for (guint i = 0; i < gst_jetson_caption_meta_get_n_words(meta); i++)
    g_variant_builder_add(&words, "(sd)", gst_jetson_caption_meta_get_word(meta, i),
                          gst_jetson_caption_meta_get_word_probability(meta, i));
  g_variant_builder_init(&tags, G_VARIANT_TYPE("a(sd)"));
  for (guint i = 0; i < gst_jetson_caption_meta_get_n_tags(meta); i++)
    g_variant_builder_add(&tags, "(sd)", gst_jetson_caption_meta_get_tag(meta, i),
                          gst_jetson_caption_meta_get_tag_probability(meta, i));
  variant = g_variant_ref_sink(
      g_variant_new(TYPE, meta->text, meta->confidence, (guint64)meta->timestamp, meta->frame,
                    (guint64)meta->inference_time, (guint32)meta->flags, &words, &tags));
  variant = to_other_end(variant);
  bytes = g_variant_get_data_as_bytes(variant);
  g_variant_unref(variant);
  return bytes;
}

typedef gboolean (*SetList)(GstJetsonCaptionMeta* meta, const gchar* const* texts,
                            const gdouble* probabilities, guint size);

// The first ones, where there are too many. Takes the list.
static void read_list(GVariantIter* list, GstJetsonCaptionMeta* meta, SetList set, guint most) {
  const gchar** texts = g_newa(const gchar*, most);
  gdouble* probabilities = g_newa(gdouble, most);
  guint size = 0;

  while (size < most && g_variant_iter_next(list, "(&sd)", &texts[size], &probabilities[size]))
    size++;
  if (meta != NULL)
    set(meta, texts, probabilities, size);
  g_variant_iter_free(list);
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
    gdouble confidence;
    guint64 timestamp, frame, inference_time;
    guint32 flags;
    GVariantIter *words, *tags;

    g_variant_get(variant, "(&sdtttua(sd)a(sd))", &text, &confidence, &timestamp, &frame,
                  &inference_time, &flags, &words, &tags);
    meta = gst_buffer_add_jetson_caption_meta(buffer, text, confidence, timestamp, frame,
                                              inference_time, (GstJetsonCaptionFlags)flags);
    read_list(words, meta, gst_jetson_caption_meta_set_words, GST_JETSON_CAPTION_META_MAX_WORDS);
    read_list(tags, meta, gst_jetson_caption_meta_set_tags, GST_JETSON_CAPTION_META_MAX_TAGS);
  }
  g_variant_unref(variant);
  g_bytes_unref(bytes);
  return meta;
}
