// SPDX-License-Identifier: LGPL-2.1-or-later
// What GStreamer newer than 1.14, the oldest one supported, offers for metadata under other
// conditions.
#pragma once

#include <gst/gst.h>

#include "captionvariant.h"

#if GST_CHECK_VERSION(1, 24, 0)

static inline gboolean caption_meta_serialize(const GstMeta* meta, GstByteArrayInterface* data,
                                              guint8* version) {
  GBytes* bytes = gst_jetson_caption_to_bytes((const GstJetsonCaptionMeta*)meta);
  const gboolean appended = gst_byte_array_interface_append_data(
      data, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

  g_bytes_unref(bytes);
  *version = GST_JETSON_CAPTION_BYTES_VERSION;
  return appended;
}

static inline GstMeta* caption_meta_deserialize(const GstMetaInfo* info, GstBuffer* buffer,
                                                const guint8* data, gsize size, guint8 version) {
  GstJetsonCaptionMeta* meta = NULL;

  if (version == GST_JETSON_CAPTION_BYTES_VERSION)
    meta = gst_jetson_caption_from_bytes(buffer, data, size);
  return meta != NULL ? &meta->meta : NULL;
}

#endif

// Registers the caption's meta, which can be written to bytes and read again since 1.24. Drop the
// condition when that is the oldest supported.
static inline const GstMetaInfo* register_caption_meta(GType api, GstMetaInitFunction init,
                                                       GstMetaFreeFunction free,
                                                       GstMetaTransformFunction transform) {
#if GST_CHECK_VERSION(1, 24, 0)
  GstMetaInfo* info =
      (GstMetaInfo*)gst_meta_info_new(api, "GstJetsonCaptionMeta", sizeof(GstJetsonCaptionMeta));
  info->init_func = init;
  info->free_func = free;
  info->transform_func = transform;
  info->serialize_func = caption_meta_serialize;
  info->deserialize_func = caption_meta_deserialize;
  return gst_meta_info_register(info);
#else
  return gst_meta_register(api, "GstJetsonCaptionMeta", sizeof(GstJetsonCaptionMeta), init, free,
                           transform);
#endif
}
