// SPDX-License-Identifier: LGPL-2.1-or-later
// What GStreamer newer than 1.14, the oldest one supported, offers under other conditions.
#pragma once

#include <gst/gst.h>

namespace jetsoncaption {

// Lets the documentation of the plugin list the type. Drop when 1.18 is the oldest supported.
inline void mark_as_plugin_api(GType type) {
#if GST_CHECK_VERSION(1, 18, 0)
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
#else
  (void)type;
#endif
}

// The tracers that run, to be freed with their references; nullptr before 1.18, where nobody tells.
inline GList* active_tracers() {
#if GST_CHECK_VERSION(1, 18, 0)
  return gst_tracing_get_active_tracers();
#else
  return nullptr;
#endif
}

}  // namespace jetsoncaption
