// SPDX-License-Identifier: LGPL-2.1-or-later
// From the element's settings to a loaded model.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "plugin/session/engine_handle.h"
#include "plugin/session/shared_engine.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// All that is needed to load a model.
struct EngineStart {
  EngineOptions options;
  std::string model_origin;  // who named the model, for messages
};

// Looks for the model, which takes no time. From any thread. An error says what was looked for,
// where, and what to do.
Result<EngineStart> prepare_engine(const Settings& settings);

// The same with int8, one thread, on the CPU, for when a worker process ends again and again;
// nothing where that was wanted, or there is no worker.
std::optional<EngineStart> more_modest(const EngineStart& start);

// The engine that the elements of this process share which want the same one: from the same files
// of the same bundle, with the same options. The first one opens the engine's library, which takes
// half a second the first time in a process, and loads the model, which takes up to a second or
// more. From any thread. An error names the properties, their values, the cause and what to do; it
// is Cancelled when `is_stopped` said so between the two.
Result<std::unique_ptr<EngineShare>> start_engine(const EngineStart& start,
                                                  const std::function<bool()>& is_stopped);

}  // namespace jetsoncaption
