// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of the element that are settings: their documentation and their storage.
#pragma once

#include <gst/gst.h>

#include "plugin/settings.h"

namespace jetsoncaption {

enum PropertyId : guint {
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_PRECISION,
  PROP_MODE,
  PROP_INTERVAL,
  PROP_MAX_RATE,
  PROP_BEAM_SIZE,
  PROP_MAX_WORDS,
  PROP_MAX_INFERENCE_TIME,
  PROP_MIN_CONFIDENCE,
  PROP_ATTENTION,
  PROP_THREADS,
  PROP_CUDNN,
  PROP_ENABLED,
  PROP_ISOLATION,
  PROP_OVERLAY,
  PROP_FONT_DESC,
  PROP_TEXT_COLOR,
  PROP_BACKGROUND_COLOR,
  PROP_HALIGNMENT,
  PROP_VALIGNMENT,
  PROP_MAX_LINES,
  PROP_CAPTION_TIMEOUT,
  PROP_MEMORY_THRESHOLD,
  PROP_MEMORY_CHECK_INTERVAL,
  PROP_MEMORY_ACTION,
  PROP_POST_MESSAGES,
  PROP_CAPTION,       // read only: not a setting
  PROP_MEMORY_USAGE,  // read only: not a setting
  PROP_STATS,         // read only: not a setting
  N_PROPERTIES
};

void install_properties(GObjectClass* klass);

// False when `id` is not a setting. The caller holds the lock that protects `settings`.
bool set_setting(Settings& settings, guint id, const GValue* value);
bool get_setting(const Settings& settings, guint id, GValue* value);

}  // namespace jetsoncaption
