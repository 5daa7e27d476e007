// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a caption with their probabilities and maps, shared by all copies of a meta. Private
// to the library.
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// Never changes once it is made.
typedef struct {
  gint references;  // atomic
  guint n_words;
  guint columns;  // of a map; 0: there are none
  guint rows;
  gchar** words;           // [n_words], valid UTF-8
  gdouble* probabilities;  // [n_words], 0 to 1
  gfloat* attention;       // [n_words][rows][columns]; NULL: none
} GstJetsonCaptionWords;

// Copies everything. The caller owns the only reference.
G_GNUC_INTERNAL GstJetsonCaptionWords* gst_jetson_caption_words_new(const gchar* const* words,
                                                                    const gdouble* probabilities,
                                                                    guint n_words,
                                                                    const gfloat* attention,
                                                                    guint columns, guint rows);

// NULL is allowed by both.
G_GNUC_INTERNAL GstJetsonCaptionWords* gst_jetson_caption_words_ref(GstJetsonCaptionWords* words);
G_GNUC_INTERNAL void gst_jetson_caption_words_unref(GstJetsonCaptionWords* words);

G_END_DECLS
