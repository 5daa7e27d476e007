// SPDX-License-Identifier: LGPL-2.1-or-later
// A captioner in an engine that is opened at run time: how the command line reaches LibTorch.
#pragma once

#include <memory>

#include "base/result.h"
#include "captioner/captioner.h"
#include "engine/engine_loader.h"

namespace jetsoncaption {

// The errors of the engine's create(). ConfidenceFacts do not pass this door: those of captions are
// empty.
Result<std::unique_ptr<Captioner>> load_engine_captioner(const EngineLibrary& library,
                                                         const CaptionerOptions& options);

}  // namespace jetsoncaption
