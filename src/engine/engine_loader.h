// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds libjetsoncaption-engine.so and opens it, or says what to do about it.
//
// The plugin does not link the engine, so that it registers in milliseconds and on machines where
// LibTorch is missing. An opened engine stays open until the process ends: LibTorch does not
// survive being unloaded.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/engine_api.h"

namespace jetsoncaption {

struct EngineLibrary {
  const JetsonCaptionEngineApi* api = nullptr;  // valid until the process ends
  std::string path;                             // the file it was read from
};

// Opens the file that the environment variable JETSONCAPTION_ENGINE names or, where that is not
// set, the installed engine. NotFound, Unsupported (opened, but of another version), Internal.
// From any thread; takes about half a second the first time. May add to the environment of the
// process, before and while the engine is opened: base/torch_environment.h says what.
Result<EngineLibrary> open_engine();

// What to do about a message of dlerror(), as a sentence.
std::string engine_remedy(const std::string& dlerror_text);

}  // namespace jetsoncaption
