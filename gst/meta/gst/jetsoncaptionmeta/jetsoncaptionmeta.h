// SPDX-License-Identifier: LGPL-2.1-or-later
// The caption of a video frame, as metadata on its buffer. All that applications need to read
// captions; see the comments in jetsoncaptionmeta.c.
#pragma once

#include <gst/gst.h>

#if defined(_WIN32) || defined(__CYGWIN__)
#ifdef BUILDING_GST_JETSON_CAPTION_META
#define GST_JETSON_CAPTION_META_API __declspec(dllexport) extern
#else
#define GST_JETSON_CAPTION_META_API __declspec(dllimport) extern
#endif
#else
#define GST_JETSON_CAPTION_META_API __attribute__((visibility("default"))) extern
#endif

G_BEGIN_DECLS

/**
 * GstJetsonCaptionFlags:
 * @GST_JETSON_CAPTION_FLAG_NONE: nothing special
 * @GST_JETSON_CAPTION_FLAG_NEW: this buffer is the first that carries the caption
 * @GST_JETSON_CAPTION_FLAG_STALE: the caption is older than half of the element's
 * `caption-timeout`, after the whole of which it is not drawn any more
 * @GST_JETSON_CAPTION_FLAG_TRUNCATED: a limit on words or time ended the caption, not the model
 * @GST_JETSON_CAPTION_FLAG_HEDGED: the text names what is likely there, in the place of a sentence
 *   that was doubtful ("perhaps: kitchen, microwave"), and has no words
 *
 * What else there is to know about a caption.
 *
 * Since: 0.1
 */
typedef enum {
  GST_JETSON_CAPTION_FLAG_NONE = 0,
  GST_JETSON_CAPTION_FLAG_NEW = 1 << 0,
  GST_JETSON_CAPTION_FLAG_STALE = 1 << 1,
  GST_JETSON_CAPTION_FLAG_TRUNCATED = 1 << 2,
  GST_JETSON_CAPTION_FLAG_HEDGED = 1 << 3,
} GstJetsonCaptionFlags;

#define GST_TYPE_JETSON_CAPTION_FLAGS (gst_jetson_caption_flags_get_type())
#define GST_JETSON_CAPTION_META_API_TYPE (gst_jetson_caption_meta_api_get_type())
#define GST_JETSON_CAPTION_META_INFO (gst_jetson_caption_meta_get_info())
#define GST_JETSON_CAPTION_ATTENTION_META_API_TYPE \
  (gst_jetson_caption_attention_meta_api_get_type())

/**
 * GST_JETSON_CAPTION_META_MAX_WORDS:
 *
 * Most words that a meta lists.
 *
 * Since: 0.1
 */
#define GST_JETSON_CAPTION_META_MAX_WORDS 50

/**
 * GST_JETSON_CAPTION_META_MAX_TAGS:
 *
 * Most tags that a meta lists.
 *
 * Since: 0.1
 */
#define GST_JETSON_CAPTION_META_MAX_TAGS 32

/**
 * GST_JETSON_CAPTION_META_MAX_CELLS:
 *
 * Most cells of the map of a word.
 *
 * Since: 0.1
 */
#define GST_JETSON_CAPTION_META_MAX_CELLS 1024

typedef struct _GstJetsonCaptionMeta GstJetsonCaptionMeta;

/**
 * GstJetsonCaptionMeta:
 * @meta: parent
 * @text: the caption, valid UTF-8, owned by the meta
 * @confidence: how sure the model is, from 0 to 1
 * @timestamp: presentation timestamp of the frame that was described, which may be older than the
 *   buffer; #GST_CLOCK_TIME_NONE if it had none
 * @frame: number of the frame that was described, counted from 0 since the element started
 * @inference_time: nanoseconds the model took
 * @flags: see #GstJetsonCaptionFlags
 *
 * The caption that a buffer carries. It belongs to no size, and survives copies and whatever
 * elements do to the picture, encoding too. Only gst_buffer_add_jetson_caption_meta() makes or
 * changes one, and only gst_jetson_caption_meta_set_words() and gst_jetson_caption_meta_set_tags()
 * give it words and tags: applications read the fields, or call the getters, and neither keep a
 * pointer to it nor declare one of their own. Fields that are added one day take the place of
 * reserved ones, so that the others stay where they are.
 *
 * Since: 0.1
 */
struct _GstJetsonCaptionMeta {
  GstMeta meta;

  gchar* text;
  gdouble confidence;
  GstClockTime timestamp;
  guint64 frame;
  GstClockTime inference_time;
  GstJetsonCaptionFlags flags;

  /*< private >*/
  gpointer words;
  gpointer tags;
  gpointer _gst_reserved[GST_PADDING - 2];
};

GST_JETSON_CAPTION_META_API GType gst_jetson_caption_flags_get_type(void);
GST_JETSON_CAPTION_META_API GType gst_jetson_caption_meta_api_get_type(void);
GST_JETSON_CAPTION_META_API const GstMetaInfo* gst_jetson_caption_meta_get_info(void);

GST_JETSON_CAPTION_META_API GstJetsonCaptionMeta* gst_buffer_add_jetson_caption_meta(
    GstBuffer* buffer, const gchar* text, gdouble confidence, GstClockTime timestamp, guint64 frame,
    GstClockTime inference_time, GstJetsonCaptionFlags flags);
GST_JETSON_CAPTION_META_API GstJetsonCaptionMeta* gst_buffer_get_jetson_caption_meta(
    GstBuffer* buffer);

GST_JETSON_CAPTION_META_API const gchar* gst_jetson_caption_meta_get_text(
    const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API gdouble
gst_jetson_caption_meta_get_confidence(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API GstClockTime
gst_jetson_caption_meta_get_timestamp(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API guint64
gst_jetson_caption_meta_get_frame(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API GstClockTime
gst_jetson_caption_meta_get_inference_time(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API GstJetsonCaptionFlags
gst_jetson_caption_meta_get_flags(const GstJetsonCaptionMeta* meta);

GST_JETSON_CAPTION_META_API gboolean gst_jetson_caption_meta_set_words(GstJetsonCaptionMeta* meta,
                                                                       const gchar* const* words,
                                                                       const gdouble* probabilities,
                                                                       guint n_words);
GST_JETSON_CAPTION_META_API guint
gst_jetson_caption_meta_get_n_words(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API const gchar* gst_jetson_caption_meta_get_word(
    const GstJetsonCaptionMeta* meta, guint index);
GST_JETSON_CAPTION_META_API gdouble
gst_jetson_caption_meta_get_word_probability(const GstJetsonCaptionMeta* meta, guint index);

GST_JETSON_CAPTION_META_API gboolean gst_jetson_caption_meta_set_tags(GstJetsonCaptionMeta* meta,
                                                                      const gchar* const* tags,
                                                                      const gdouble* probabilities,
                                                                      guint n_tags);
GST_JETSON_CAPTION_META_API guint
gst_jetson_caption_meta_get_n_tags(const GstJetsonCaptionMeta* meta);
GST_JETSON_CAPTION_META_API const gchar* gst_jetson_caption_meta_get_tag(
    const GstJetsonCaptionMeta* meta, guint index);
GST_JETSON_CAPTION_META_API gdouble
gst_jetson_caption_meta_get_tag_probability(const GstJetsonCaptionMeta* meta, guint index);

GST_JETSON_CAPTION_META_API GType gst_jetson_caption_attention_meta_api_get_type(void);
GST_JETSON_CAPTION_META_API gboolean gst_buffer_set_jetson_caption_attention(
    GstBuffer* buffer, const gfloat* attention, guint n_words, guint columns, guint rows);
GST_JETSON_CAPTION_META_API const gfloat* gst_buffer_get_jetson_caption_attention(
    GstBuffer* buffer, guint index, guint* columns, guint* rows, gsize* n_values);

G_END_DECLS
