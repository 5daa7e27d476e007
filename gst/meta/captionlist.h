// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts with probabilities, as the words and tags of a caption are, shared by all copies of a meta.
// Private to the library.
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// Never changes once it is made.
typedef struct {
  gint references;  // atomic
  guint size;
  gchar** texts;           // [size], valid UTF-8
  gdouble* probabilities;  // [size], 0 to 1
} GstJetsonCaptionList;

// Copies everything. The caller owns the only reference. Bytes that are not UTF-8 become U+FFFD,
// probabilities are brought into 0 to 1, not-a-number becomes 0.
G_GNUC_INTERNAL GstJetsonCaptionList* gst_jetson_caption_list_new(const gchar* const* texts,
                                                                  const gdouble* probabilities,
                                                                  guint size);

// NULL is allowed by both.
G_GNUC_INTERNAL GstJetsonCaptionList* gst_jetson_caption_list_ref(GstJetsonCaptionList* list);
G_GNUC_INTERNAL void gst_jetson_caption_list_unref(GstJetsonCaptionList* list);

G_END_DECLS
