// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of the element, in one table.
#pragma once

#include <gst/gst.h>

#include "plugin/settings.h"

namespace jetsoncaption {

// Those that are read only, and no settings. The settings have the numbers below.
enum PropertyId : guint {
  PROP_CAPTION = 1000,
  PROP_MEMORY_USAGE,
  PROP_STATS,
};

void install_properties(GObjectClass* klass);

// False when `id` is not a setting. The caller holds the lock that protects `settings`.
bool set_setting(Settings& settings, guint id, const GValue* value);
bool get_setting(const Settings& settings, guint id, GValue* value);

}  // namespace jetsoncaption
