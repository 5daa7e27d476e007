// SPDX-License-Identifier: LGPL-2.1-or-later
// What GStreamer on this machine knows of the plugin.
#pragma once

#include <string>
#include <vector>

namespace jetsoncaption {

struct GstreamerFacts {
  std::string version;      // "1.22.0"; empty: this build has no GStreamer
  std::string init_error;   // why GStreamer itself does not start; empty: it does
  std::string plugin_file;  // that the registry names, else a file that was found; empty: none
  std::string plugin_version;
  std::string load_error;             // why that file cannot be loaded; empty: it can
  bool is_registered = false;         // gst-launch-1.0 finds the element
  bool is_blacklisted = false;        // the registry remembers that the file could not be loaded
  std::vector<std::string> searched;  // folders, when the registry names no file
  std::vector<std::string> missing_elements;  // of those that most pipelines need
};

// Starts GStreamer, which may scan its plugins for some seconds the first time.
GstreamerFacts look_at_gstreamer();

}  // namespace jetsoncaption
