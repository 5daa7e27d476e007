// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a caption with their probabilities and maps, shared by all copies of a meta.
#include "captionwords.h"

#include <string.h>

GstJetsonCaptionWords* gst_jetson_caption_words_new(const gchar* const* words,
                                                    const gdouble* probabilities, guint n_words,
                                                    const gfloat* attention, guint columns,
                                                    guint rows) {
  GstJetsonCaptionWords* self = g_new0(GstJetsonCaptionWords, 1);

  self->references = 1;
  self->n_words = n_words;
  self->words = g_new0(gchar*, n_words + 1);
  self->probabilities = g_new(gdouble, n_words);
  for (guint i = 0; i < n_words; i++) {
    self->words[i] = g_utf8_make_valid(words[i], -1);
    // Written so that not-a-number, which compares false, ends as 0.
    self->probabilities[i] = probabilities[i] > 0.0 ? MIN(probabilities[i], 1.0) : 0.0;
  }
  if (attention != NULL) {
    const gsize values = (gsize)n_words * columns * rows;
    self->columns = columns;
    self->rows = rows;
    self->attention = g_new(gfloat, values);
    memcpy(self->attention, attention, values * sizeof(gfloat));
  }
  return self;
}

GstJetsonCaptionWords* gst_jetson_caption_words_ref(GstJetsonCaptionWords* words) {
  if (words != NULL)
    g_atomic_int_inc(&words->references);
  return words;
}

void gst_jetson_caption_words_unref(GstJetsonCaptionWords* words) {
  if (words == NULL || !g_atomic_int_dec_and_test(&words->references))
    return;
  g_strfreev(words->words);
  g_free(words->probabilities);
  g_free(words->attention);
  g_free(words);
}
