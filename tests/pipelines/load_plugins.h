// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads single plugins of the system, for programs that would be slow, or could not, scan them all.
#pragma once

#include <string>

#include <gst/gst.h>

namespace jetsoncaption {

// Those with videotestsrc, capsfilter, identity and fakesink; false where one is missing. They
// belong to the process.
inline bool load_plugins(const std::string& folder) {
  for (const char* name : {"coreelements", "videotestsrc"}) {
    const std::string path = folder + "/libgst" + name + ".so";
    GstPlugin* plugin = gst_plugin_load_file(path.c_str(), nullptr);
    if (plugin == nullptr)
      return false;
    gst_object_unref(plugin);
  }
  return true;
}

}  // namespace jetsoncaption
