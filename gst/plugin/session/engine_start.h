// SPDX-License-Identifier: LGPL-2.1-or-later
// From the element's settings to a loaded model.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine_loader.h"
#include "plugin/session/engine_handle.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// All that is needed to load a model.
struct EngineStart {
  EngineLibrary library;
  EngineOptions options;
  std::string model_origin;  // who named the model, for messages
};

// Looks for the model and opens the engine's library, which takes half a second the first time in
// a process. From any thread. An error says what was looked for, where, and what to do.
Result<EngineStart> prepare_engine(const Settings& settings);

// Loads the model. Takes up to a second; from any thread. An error names the properties, their
// values, the cause and what to do.
Result<std::unique_ptr<EngineHandle>> start_engine(const EngineStart& start);

}  // namespace jetsoncaption
