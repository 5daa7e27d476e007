// SPDX-License-Identifier: LGPL-2.1-or-later
// The structure that the property `stats` gives.
#pragma once

#include <gst/gst.h>

#include "plugin/live_values.h"
#include "plugin/session/caption_session.h"

namespace jetsoncaption {

// "jetsoncaption-stats", owned by the caller; docs/element.md lists the fields. `session` is null
// when the element is stopped: then the counts are 0 and the names empty.
GstStructure* make_stats(CaptionSession* session, const LiveValues& values);

}  // namespace jetsoncaption
