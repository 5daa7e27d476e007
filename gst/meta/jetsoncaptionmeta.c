// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers GstJetsonCaptionMeta, keeps it through copies and scaling, and reads its fields.
#include "gst/jetsoncaptionmeta/jetsoncaptionmeta.h"

#include <gst/video/gstvideometa.h>

#include "captionlist.h"
#include "compat.h"

#include <string.h>

/**
 * SECTION:jetsoncaptionmeta
 * @title: GstJetsonCaptionMeta
 * @short_description: the caption of a video frame
 *
 * The `jetsoncaption` element puts the newest caption on every buffer. An application finds it in
 * a pad probe or an appsink callback:
 *
 * |[
 * GstJetsonCaptionMeta *meta = gst_buffer_get_jetson_caption_meta (buffer);
 * if (meta != NULL)
 *   g_print ("%s\n", gst_jetson_caption_meta_get_text (meta));
 * ]|
 *
 * With a model that has tags it also lists the likeliest things in the picture:
 *
 * |[
 * for (i = 0; i < gst_jetson_caption_meta_get_n_tags (meta); i++)
 *   g_print ("%s %.2f\n", gst_jetson_caption_meta_get_tag (meta, i),
 *       gst_jetson_caption_meta_get_tag_probability (meta, i));
 * ]|
 *
 * With the element's property `attention` it also lists the words of the caption, and for each a
 * map of where in the picture the model looked when it chose the word:
 *
 * |[
 * for (i = 0; i < gst_jetson_caption_meta_get_n_words (meta); i++) {
 *   map = gst_buffer_get_jetson_caption_attention (buffer, i, &columns, &rows, NULL);
 *   if (map != NULL)
 *     g_print ("%s: %f at the top left\n", gst_jetson_caption_meta_get_word (meta, i), map[0]);
 * }
 * ]|
 *
 * Text belongs to no size, and survives whatever elements do to the picture, encoding too. Maps
 * belong to the picture: they survive copies, and elements that make another picture of it drop
 * them.
 *
 * Since: 0.1
 */

/**
 * gst_jetson_caption_flags_get_type:
 *
 * Returns: the #GType of #GstJetsonCaptionFlags
 *
 * Since: 0.1
 */
GType gst_jetson_caption_flags_get_type(void) {
  static gsize type = 0;

  if (g_once_init_enter(&type)) {
    static const GFlagsValue values[] = {
        {GST_JETSON_CAPTION_FLAG_NONE, "GST_JETSON_CAPTION_FLAG_NONE", "none"},
        {GST_JETSON_CAPTION_FLAG_NEW, "GST_JETSON_CAPTION_FLAG_NEW", "new"},
        {GST_JETSON_CAPTION_FLAG_STALE, "GST_JETSON_CAPTION_FLAG_STALE", "stale"},
        {GST_JETSON_CAPTION_FLAG_TRUNCATED, "GST_JETSON_CAPTION_FLAG_TRUNCATED", "truncated"},
        {GST_JETSON_CAPTION_FLAG_HEDGED, "GST_JETSON_CAPTION_FLAG_HEDGED", "hedged"},
        {0, NULL, NULL},
    };
    const GType registered = g_flags_register_static("GstJetsonCaptionFlags", values);
    g_once_init_leave(&type, registered);
  }
  return type;
}

/**
 * gst_jetson_caption_meta_api_get_type:
 *
 * Returns: the #GType that names this kind of metadata
 *
 * Since: 0.1
 */
GType gst_jetson_caption_meta_api_get_type(void) {
  static gsize type = 0;

  if (g_once_init_enter(&type)) {
    // No tags: a sentence depends on neither size, colours nor memory, so elements keep it.
    static const gchar* tags[] = {NULL};
    const GType registered = gst_meta_api_type_register("GstJetsonCaptionMetaAPI", tags);
    g_once_init_leave(&type, registered);
  }
  return type;
}

static gboolean caption_meta_init(GstMeta* meta, gpointer params, GstBuffer* buffer) {
  GstJetsonCaptionMeta* self = (GstJetsonCaptionMeta*)meta;

  self->text = NULL;
  self->confidence = 0.0;
  self->timestamp = GST_CLOCK_TIME_NONE;
  self->frame = 0;
  self->inference_time = 0;
  self->flags = GST_JETSON_CAPTION_FLAG_NONE;
  self->words = NULL;
  self->tags = NULL;
  memset(self->_gst_reserved, 0, sizeof self->_gst_reserved);
  return TRUE;
}

// Either may be NULL; takes them.
static void replace_lists(GstJetsonCaptionMeta* self, GstJetsonCaptionList* words,
                          GstJetsonCaptionList* tags) {
  gst_jetson_caption_list_unref(self->words);
  self->words = words;
  gst_jetson_caption_list_unref(self->tags);
  self->tags = tags;
}

static void caption_meta_free(GstMeta* meta, GstBuffer* buffer) {
  GstJetsonCaptionMeta* self = (GstJetsonCaptionMeta*)meta;

  g_free(self->text);
  self->text = NULL;
  replace_lists(self, NULL, NULL);
}

// Makes it, or changes the one there is. Maps are left as they are: in a copy they may come first.
// Takes the text.
static GstJetsonCaptionMeta* store_caption(GstBuffer* buffer, gchar* text, gdouble confidence,
                                           GstClockTime timestamp, guint64 frame,
                                           GstClockTime inference_time,
                                           GstJetsonCaptionFlags flags) {
  GstJetsonCaptionMeta* self = gst_buffer_get_jetson_caption_meta(buffer);

  if (self == NULL)
    self = (GstJetsonCaptionMeta*)gst_buffer_add_meta(buffer, GST_JETSON_CAPTION_META_INFO, NULL);
  if (self == NULL) {
    g_free(text);
    return NULL;
  }

  g_free(self->text);
  self->text = text;
  // Written so that not-a-number, which compares false, ends as 0.
  self->confidence = confidence > 0.0 ? MIN(confidence, 1.0) : 0.0;
  self->timestamp = timestamp;
  self->frame = frame;
  self->inference_time = inference_time;
  self->flags = flags;
  replace_lists(self, NULL, NULL);
  return self;
}

// What is refused is refused silently: this runs for each frame.
static gboolean caption_meta_transform(GstBuffer* destination, GstMeta* meta, GstBuffer* source,
                                       GQuark type, gpointer data) {
  const GstJetsonCaptionMeta* self = (const GstJetsonCaptionMeta*)meta;
  GstJetsonCaptionMeta* copy;

  if (!GST_META_TRANSFORM_IS_COPY(type) && !GST_VIDEO_META_TRANSFORM_IS_SCALE(type))
    return FALSE;
  copy = store_caption(destination, g_strdup(self->text), self->confidence, self->timestamp,
                       self->frame, self->inference_time, self->flags);
  if (copy == NULL)
    return FALSE;
  replace_lists(copy, gst_jetson_caption_list_ref(self->words),
                gst_jetson_caption_list_ref(self->tags));
  return TRUE;
}

/**
 * gst_jetson_caption_meta_get_info: (skip)
 *
 * Returns: the #GstMetaInfo of #GstJetsonCaptionMeta
 *
 * Since: 0.1
 */
const GstMetaInfo* gst_jetson_caption_meta_get_info(void) {
  static gsize info = 0;

  if (g_once_init_enter(&info)) {
    const GstMetaInfo* registered =
        register_caption_meta(GST_JETSON_CAPTION_META_API_TYPE, caption_meta_init,
                              caption_meta_free, caption_meta_transform);
    g_once_init_leave(&info, (gsize)registered);
  }
  return (const GstMetaInfo*)info;
}

/**
 * gst_buffer_add_jetson_caption_meta:
 * @buffer: (transfer none): a writable #GstBuffer
 * @text: (transfer none): the caption, copied; bytes that are not UTF-8 become U+FFFD
 * @confidence: how sure the model is; brought into 0 to 1, not-a-number becomes 0
 * @timestamp: presentation timestamp of the described frame, or #GST_CLOCK_TIME_NONE
 * @frame: number of the described frame
 * @inference_time: nanoseconds the model took
 * @flags: #GstJetsonCaptionFlags
 *
 * Puts a caption on @buffer. A buffer carries one caption: an older one is replaced, its words,
 * tags and maps of attention too.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer; %NULL if @buffer is not writable
 *   or @text is %NULL
 *
 * Since: 0.1
 */
GstJetsonCaptionMeta* gst_buffer_add_jetson_caption_meta(GstBuffer* buffer, const gchar* text,
                                                         gdouble confidence, GstClockTime timestamp,
                                                         guint64 frame, GstClockTime inference_time,
                                                         GstJetsonCaptionFlags flags) {
  g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
  g_return_val_if_fail(text != NULL, NULL);
  g_return_val_if_fail(gst_buffer_is_writable(buffer), NULL);

  gst_buffer_set_jetson_caption_attention(buffer, NULL, 0, 0, 0);
  // Copied before it is stored: it may be the text of the meta that is replaced.
  return store_caption(buffer, g_utf8_make_valid(text, -1), confidence, timestamp, frame,
                       inference_time, flags);
}

/**
 * gst_buffer_get_jetson_caption_meta:
 * @buffer: (transfer none): a #GstBuffer
 *
 * Returns: (transfer none) (nullable): the caption of @buffer, valid as long as the buffer is and
 *   nobody replaces it; %NULL if it carries none
 *
 * Since: 0.1
 */
GstJetsonCaptionMeta* gst_buffer_get_jetson_caption_meta(GstBuffer* buffer) {
  g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
  return (GstJetsonCaptionMeta*)gst_buffer_get_meta(buffer, GST_JETSON_CAPTION_META_API_TYPE);
}

/**
 * gst_jetson_caption_meta_get_text:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: (transfer none): the caption, valid UTF-8, owned by @meta
 *
 * Since: 0.1
 */
const gchar* gst_jetson_caption_meta_get_text(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, NULL);
  return meta->text;
}

/**
 * gst_jetson_caption_meta_get_confidence:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: how sure the model is, from 0 to 1
 *
 * Since: 0.1
 */
gdouble gst_jetson_caption_meta_get_confidence(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, 0.0);
  return meta->confidence;
}

/**
 * gst_jetson_caption_meta_get_timestamp:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: presentation timestamp of the frame that was described, or #GST_CLOCK_TIME_NONE
 *
 * Since: 0.1
 */
GstClockTime gst_jetson_caption_meta_get_timestamp(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, GST_CLOCK_TIME_NONE);
  return meta->timestamp;
}

/**
 * gst_jetson_caption_meta_get_frame:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: number of the frame that was described, counted from 0
 *
 * Since: 0.1
 */
guint64 gst_jetson_caption_meta_get_frame(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, 0);
  return meta->frame;
}

/**
 * gst_jetson_caption_meta_get_inference_time:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: nanoseconds the model took
 *
 * Since: 0.1
 */
GstClockTime gst_jetson_caption_meta_get_inference_time(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, 0);
  return meta->inference_time;
}

/**
 * gst_jetson_caption_meta_get_flags:
 * @meta: (transfer none): a #GstJetsonCaptionMeta
 *
 * Returns: #GstJetsonCaptionFlags
 *
 * Since: 0.1
 */
GstJetsonCaptionFlags gst_jetson_caption_meta_get_flags(const GstJetsonCaptionMeta* meta) {
  g_return_val_if_fail(meta != NULL, GST_JETSON_CAPTION_FLAG_NONE);
  return meta->flags;
}
