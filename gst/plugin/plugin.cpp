// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers the element with GStreamer.
#include <gst/gst.h>

#include "plugin/gstjetsoncaption.h"

// GST_PLUGIN_DEFINE takes the name of the source package from here.
#define PACKAGE "jetsoncaption"

static gboolean plugin_init(GstPlugin* plugin) {
  return gst_element_register(plugin, "jetsoncaption", GST_RANK_NONE, GST_TYPE_JETSON_CAPTION);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, jetsoncaption,
                  "Describes in words what video frames show", plugin_init, JETSONCAPTION_VERSION,
                  "LGPL", PACKAGE, "Unknown package origin")
