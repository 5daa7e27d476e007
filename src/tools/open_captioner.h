// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioner that the options ask for.
#pragma once

#include <memory>

#include "base/result.h"
#include "captioner/captioner.h"

namespace jetsoncaption {

// int8 in this program, all else in the engine with LibTorch, which is opened only then. Where Auto
// prefers that engine and it cannot be had, int8 does, with a warning. The errors of the
// captioners.
Result<std::unique_ptr<Captioner>> open_captioner(const CaptionerOptions& options);

// The same in a worker process, as with the element's isolation=process.
Result<std::unique_ptr<Captioner>> open_worker_captioner(const CaptionerOptions& options);

// open_captioner() of the model that find_model() finds (model_options.h).
Result<std::unique_ptr<Captioner>> load_captioner(CaptionerOptions options);
Result<std::unique_ptr<Captioner>> load_worker_captioner(CaptionerOptions options);

}  // namespace jetsoncaption
