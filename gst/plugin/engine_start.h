// SPDX-License-Identifier: LGPL-2.1-or-later
// From the element's settings to a loaded model.
#pragma once

#include <memory>

#include "base/result.h"
#include "plugin/engine_handle.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Opens the engine and loads the model. Takes about a second; from any thread. An error names the
// properties, their values, the cause and what to do.
Result<std::unique_ptr<EngineHandle>> start_engine(const Settings& settings);

}  // namespace jetsoncaption
