// SPDX-License-Identifier: LGPL-2.1-or-later
// What a module puts behind the C boundary; engine_glue.cpp is the same in both.
#pragma once

#include <memory>

#include "base/result.h"
#include "captioner/captioner.h"

namespace jetsoncaption {

// Defined by each module: its captioner. May throw.
Result<std::unique_ptr<Captioner>> load_module_captioner(const CaptionerOptions& options);

// Defined by each module: what must be set in the process once, when the module is opened.
void prepare_engine_process();

}  // namespace jetsoncaption
