// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in memory that cannot be copied, and that somebody else looks at too.
#include "plugin/frames/shared_frame.h"

namespace jetsoncaption {

namespace {

// Before 1.22.8 a buffer gives back its metadata first, its parent with it: that returned to its
// pool with a memory that this buffer still had, and the pool threw it away. So the memory goes
// first. Drop when 1.22.8 is the oldest supported version.
gboolean give_memory_back(GstMiniObject* object) {
  auto* buffer = GST_BUFFER_CAST(object);
  // Only buffers with an owner can be changed, and this one has none any more.
  gst_buffer_ref(buffer);
  gst_buffer_remove_all_memory(buffer);
  g_atomic_int_add(&object->refcount, -1);
  return TRUE;  // nobody keeps it
}

}  // namespace

bool is_frame_exclusive(GstBuffer* buffer) {
  return gst_buffer_is_writable(buffer) && gst_buffer_is_all_memory_writable(buffer);
}

GstBuffer* share_frame(GstBuffer* buffer) {
  GstBuffer* shared = gst_buffer_new();
  GST_MINI_OBJECT_CAST(shared)->dispose = give_memory_back;
  for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i)
    gst_buffer_append_memory(shared, gst_memory_ref(gst_buffer_peek_memory(buffer, i)));
  constexpr int kWhat = GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META;
  gst_buffer_copy_into(shared, buffer, static_cast<GstBufferCopyFlags>(kWhat), 0,
                       static_cast<gsize>(-1));
  gst_buffer_add_parent_buffer_meta(shared, buffer);
  return shared;
}

}  // namespace jetsoncaption
