// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds an engine, libjetsoncaption-engine-*.so, and opens it, or says what to do about it.
//
// The plugin does not link its engines, so that it registers in milliseconds and on machines where
// LibTorch is missing. An opened engine stays open until the process ends: LibTorch does not
// survive being unloaded.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/engine_api.h"
#include "engine/engine_choice.h"

namespace jetsoncaption {

struct EngineLibrary {
  const JetsonCaptionEngineApi* api = nullptr;  // valid until the process ends
  std::string path;                             // the file it was read from
};

// Opens the installed engine of that kind. The environment variable JETSONCAPTION_ENGINE may name
// another folder, or a file, which is then opened for both kinds. NotFound, Unsupported (opened,
// but of another version), Internal. From any thread; that with LibTorch takes about half a second
// the first time, and OpenBLAS, which comes with it, then reads the environment: what
// base/torch_environment.h names has to be set before.
Result<EngineLibrary> open_engine(EngineKind kind);

// The error of a status other than OK that a function of the table has just returned in this
// thread.
Error engine_error(const JetsonCaptionEngineApi& api, int32_t status);

// What to do about a message of dlerror(), as a sentence.
std::string engine_remedy(const std::string& dlerror_text);

}  // namespace jetsoncaption
