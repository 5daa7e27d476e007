// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands in for doctor_gstreamer.cpp in builds without GStreamer.
#include "tools/doctor/gstreamer.h"

namespace jetsoncaption {

GstreamerFacts look_at_gstreamer() {
  return {};
}

}  // namespace jetsoncaption
