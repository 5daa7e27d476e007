// SPDX-License-Identifier: LGPL-2.1-or-later
// Texts with probabilities, shared by all copies of a meta.
#include "captionlist.h"

GstJetsonCaptionList* gst_jetson_caption_list_new(const gchar* const* texts,
                                                  const gdouble* probabilities, guint size) {
  GstJetsonCaptionList* self = g_new0(GstJetsonCaptionList, 1);

  self->references = 1;
  self->size = size;
  self->texts = g_new0(gchar*, size + 1);
  self->probabilities = g_new(gdouble, size);
  for (guint i = 0; i < size; i++) {
    self->texts[i] = g_utf8_make_valid(texts[i], -1);
    // Written so that not-a-number, which compares false, ends as 0.
    self->probabilities[i] = probabilities[i] > 0.0 ? MIN(probabilities[i], 1.0) : 0.0;
  }
  return self;
}

GstJetsonCaptionList* gst_jetson_caption_list_ref(GstJetsonCaptionList* list) {
  if (list != NULL)
    g_atomic_int_inc(&list->references);
  return list;
}

void gst_jetson_caption_list_unref(GstJetsonCaptionList* list) {
  if (list == NULL || !g_atomic_int_dec_and_test(&list->references))
    return;
  g_strfreev(list->texts);
  g_free(list->probabilities);
  g_free(list);
}
