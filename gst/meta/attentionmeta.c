// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the model looked, as metadata of its own: it belongs to the picture as it is, while a
// sentence belongs to what it shows.
#include <gst/video/gstvideometa.h>

#include "gst/jetsoncaptionmeta/jetsoncaptionmeta.h"

#include <string.h>

// Never changes once it is made; shared by all copies.
typedef struct {
  gint references;  // atomic
  guint n_words;
  guint columns;
  guint rows;
  gfloat* values;  // [n_words][rows][columns]
} Maps;

typedef struct {
  GstMeta meta;
  Maps* maps;
} GstJetsonCaptionAttentionMeta;

static void maps_unref(Maps* maps) {
  if (maps == NULL || !g_atomic_int_dec_and_test(&maps->references))
    return;
  g_free(maps->values);
  g_free(maps);
}

/**
 * gst_jetson_caption_attention_meta_api_get_type:
 *
 * The metadata is tagged as that of a video, its size and its orientation: elements that turn or
 * crop the picture drop it.
 *
 * Returns: the #GType that names maps of attention as metadata
 *
 * Since: 0.1
 */
GType gst_jetson_caption_attention_meta_api_get_type(void) {
  static gsize type = 0;

  if (g_once_init_enter(&type)) {
    static const gchar* tags[] = {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
                                  GST_META_TAG_VIDEO_ORIENTATION_STR, NULL};
    const GType registered = gst_meta_api_type_register("GstJetsonCaptionAttentionMetaAPI", tags);
    g_once_init_leave(&type, registered);
  }
  return type;
}

static const GstMetaInfo* attention_meta_info(void);

static gboolean attention_meta_init(GstMeta* meta, gpointer params, GstBuffer* buffer) {
  ((GstJetsonCaptionAttentionMeta*)meta)->maps = NULL;
  return TRUE;
}

static void attention_meta_free(GstMeta* meta, GstBuffer* buffer) {
  GstJetsonCaptionAttentionMeta* self = (GstJetsonCaptionAttentionMeta*)meta;

  maps_unref(self->maps);
  self->maps = NULL;
}

static GstJetsonCaptionAttentionMeta* find(GstBuffer* buffer) {
  return (GstJetsonCaptionAttentionMeta*)gst_buffer_get_meta(
      buffer, GST_JETSON_CAPTION_ATTENTION_META_API_TYPE);
}

// Takes the maps.
static gboolean put(GstBuffer* buffer, Maps* maps) {
  GstJetsonCaptionAttentionMeta* meta = find(buffer);

  if (meta == NULL)
    meta = (GstJetsonCaptionAttentionMeta*)gst_buffer_add_meta(buffer, attention_meta_info(), NULL);
  if (meta == NULL) {
    maps_unref(maps);
    return FALSE;
  }
  maps_unref(meta->maps);
  meta->maps = maps;
  return TRUE;
}

// Who scales a picture to another shape may have added borders, which a transformation does not
// tell. A hundredth is what rounding to whole pixels comes to.
static gboolean keeps_shape(const GstVideoMetaTransform* scaling) {
  const GstVideoInfo* in = scaling->in_info;
  const GstVideoInfo* out = scaling->out_info;
  gdouble ratio;

  if (GST_VIDEO_INFO_HEIGHT(in) <= 0 || GST_VIDEO_INFO_HEIGHT(out) <= 0)
    return FALSE;
  ratio = ((gdouble)GST_VIDEO_INFO_WIDTH(in) / GST_VIDEO_INFO_HEIGHT(in) *
           GST_VIDEO_INFO_PAR_N(in) / GST_VIDEO_INFO_PAR_D(in)) /
          ((gdouble)GST_VIDEO_INFO_WIDTH(out) / GST_VIDEO_INFO_HEIGHT(out) *
           GST_VIDEO_INFO_PAR_N(out) / GST_VIDEO_INFO_PAR_D(out));
  return ratio > 0.99 && ratio < 1.01;
}

// A cell is a share of the whole picture, whatever its size.
static gboolean attention_meta_transform(GstBuffer* destination, GstMeta* meta, GstBuffer* source,
                                         GQuark type, gpointer data) {
  Maps* maps = ((GstJetsonCaptionAttentionMeta*)meta)->maps;

  if (maps == NULL)
    return FALSE;
  if (!GST_META_TRANSFORM_IS_COPY(type) &&
      !(GST_VIDEO_META_TRANSFORM_IS_SCALE(type) && keeps_shape(data)))
    return FALSE;
  g_atomic_int_inc(&maps->references);
  return put(destination, maps);
}

static const GstMetaInfo* attention_meta_info(void) {
  static gsize info = 0;

  if (g_once_init_enter(&info)) {
    const GstMetaInfo* registered =
        gst_meta_register(GST_JETSON_CAPTION_ATTENTION_META_API_TYPE,
                          "GstJetsonCaptionAttentionMeta", sizeof(GstJetsonCaptionAttentionMeta),
                          attention_meta_init, attention_meta_free, attention_meta_transform);
    g_once_init_leave(&info, (gsize)registered);
  }
  return (const GstMetaInfo*)info;
}

/**
 * gst_buffer_set_jetson_caption_attention: (skip)
 * @buffer: a writable #GstBuffer
 * @attention: (nullable): for each word of the caption a map of where the model looked,
 *   [@n_words][@rows][@columns], copied; %NULL takes the maps away
 * @n_words: at most #GST_JETSON_CAPTION_META_MAX_WORDS
 * @columns: of a map of the whole picture, from the left
 * @rows: of a map of the whole picture, from the top; @columns times @rows is at most
 *   #GST_JETSON_CAPTION_META_MAX_CELLS
 *
 * Says where the model looked. For elements that describe frames, after the caption was added: a
 * new caption takes the maps of the one before away.
 *
 * Returns: %TRUE, or %FALSE if a limit is exceeded
 *
 * Since: 0.1
 */
gboolean gst_buffer_set_jetson_caption_attention(GstBuffer* buffer, const gfloat* attention,
                                                 guint n_words, guint columns, guint rows) {
  GstJetsonCaptionAttentionMeta* meta;
  Maps* maps;
  gsize values;

  g_return_val_if_fail(GST_IS_BUFFER(buffer), FALSE);
  g_return_val_if_fail(gst_buffer_is_writable(buffer), FALSE);
  if (attention == NULL) {
    meta = find(buffer);
    return meta == NULL || gst_buffer_remove_meta(buffer, &meta->meta);
  }
  g_return_val_if_fail(n_words > 0 && n_words <= GST_JETSON_CAPTION_META_MAX_WORDS, FALSE);
  g_return_val_if_fail(columns > 0 && rows > 0, FALSE);
  g_return_val_if_fail((guint64)columns * rows <= GST_JETSON_CAPTION_META_MAX_CELLS, FALSE);

  values = (gsize)n_words * columns * rows;
  maps = g_new0(Maps, 1);
  maps->references = 1;
  maps->n_words = n_words;
  maps->columns = columns;
  maps->rows = rows;
  maps->values = g_new(gfloat, values);
  memcpy(maps->values, attention, values * sizeof(gfloat));
  return put(buffer, maps);
}

/**
 * gst_buffer_get_jetson_caption_attention:
 * @buffer: a #GstBuffer
 * @index: of a word of its caption, from 0
 * @columns: (out) (optional): cells from the left of the picture to its right
 * @rows: (out) (optional): cells from its top to its bottom
 * @n_values: (out) (optional): cells in all, @columns times @rows
 *
 * Where the model looked when it chose a word: the share of its attention that went to each cell of
 * a grid over the whole picture, row by row from the top left. The shares sum to 1 up to rounding.
 *
 * Returns: (transfer none) (nullable) (array length=n_values): the map, owned by @buffer; %NULL,
 * and zeros, if there is none: the element was not asked for `attention`, or the picture was
 * turned or cropped since
 *
 * Since: 0.1
 */
const gfloat* gst_buffer_get_jetson_caption_attention(GstBuffer* buffer, guint index,
                                                      guint* columns, guint* rows,
                                                      gsize* n_values) {
  static const Maps none = {0};
  const GstJetsonCaptionAttentionMeta* meta;
  const Maps* maps;
  gsize cells;

  g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
  meta = find(buffer);
  maps = meta != NULL && meta->maps != NULL && index < meta->maps->n_words ? meta->maps : &none;
  cells = (gsize)maps->columns * maps->rows;
  if (columns != NULL)
    *columns = maps->columns;
  if (rows != NULL)
    *rows = maps->rows;
  if (n_values != NULL)
    *n_values = cells;
  return maps->values != NULL ? maps->values + index * cells : NULL;
}
