// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in memory that cannot be copied, and that somebody else looks at too.
#include "plugin/frames/shared_frame.h"

namespace jetsoncaption {

bool is_frame_exclusive(GstBuffer* buffer) {
  return gst_buffer_is_writable(buffer) && gst_buffer_is_all_memory_writable(buffer);
}

GstBuffer* share_frame(GstBuffer* buffer) {
  GstBuffer* shared = gst_buffer_new();
  for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i)
    gst_buffer_append_memory(shared, gst_memory_ref(gst_buffer_peek_memory(buffer, i)));
  constexpr int kWhat = GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META;
  gst_buffer_copy_into(shared, buffer, static_cast<GstBufferCopyFlags>(kWhat), 0,
                       static_cast<gsize>(-1));
  gst_buffer_add_parent_buffer_meta(shared, buffer);
  return shared;
}

}  // namespace jetsoncaption
