// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes two engines the same.
#pragma once

#include <string>

#include "plugin/session/engine_handle.h"

namespace jetsoncaption {

// The options, the files of the bundle as they are now, and which modules the environment names.
// Two elements with the same key may share an engine. Reads no file; from any thread.
std::string engine_key(const EngineOptions& options);

}  // namespace jetsoncaption
