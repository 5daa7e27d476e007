// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers the element with GStreamer.
#include <cstdlib>
#include <exception>

#include <gst/gst.h>

#include "base/torch_environment.h"
#include "plugin/gstjetsoncaption.h"
#include "plugin/session/abandoned_loads.h"

// GST_PLUGIN_DEFINE takes the name of the source package from here.
#define PACKAGE "jetsoncaption"

// Changing the environment races with threads that read it, so it is done while the plugin is
// loaded, when no thread of ours exists yet; when the engine is opened nothing is left to be set.
static void complete_environment() {
  using namespace jetsoncaption;
  // On x86-64 it is a matter of speed, and not worth a change of the application's environment.
  const Processor processor = this_processor();
  if (processor.is_arm64)
    set_variables(missing_blas_variables(processor, std::getenv));
#ifdef JETSONCAPTION_CUDA
  set_variables(missing_cuda_variables(std::getenv));
#endif
}

static gboolean plugin_init(GstPlugin* plugin) {
  try {
    complete_environment();
    jetsoncaption::finish_abandoned_loads_before_main_ends();
  } catch (const std::exception&) {
    return FALSE;  // no memory is left
  }
  return gst_element_register(plugin, "jetsoncaption", GST_RANK_NONE, GST_TYPE_JETSON_CAPTION);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, jetsoncaption,
                  "Describes in words what video frames show", plugin_init, JETSONCAPTION_VERSION,
                  "LGPL", PACKAGE, "Unknown package origin")
