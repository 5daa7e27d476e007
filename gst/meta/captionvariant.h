// SPDX-License-Identifier: LGPL-2.1-or-later
// A caption as bytes, for other processes and files. Private to the library.
#pragma once

#include "gst/jetsoncaptionmeta/jetsoncaptionmeta.h"

G_BEGIN_DECLS

// Raised when the bytes mean something else.
#define GST_JETSON_CAPTION_BYTES_VERSION 1

// The text, its words and tags and all else but maps of attention, which belong to the picture. The
// caller owns the bytes, which are the same on every machine.
G_GNUC_INTERNAL GBytes* gst_jetson_caption_to_bytes(const GstJetsonCaptionMeta* meta);

// Puts the caption on a writable buffer. Whatever the bytes are: NULL where they are no caption.
G_GNUC_INTERNAL GstJetsonCaptionMeta* gst_jetson_caption_from_bytes(GstBuffer* buffer,
                                                                    const guint8* data, gsize size);

G_END_DECLS
