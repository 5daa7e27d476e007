// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioner of the int8 engine: our own kernels on the CPU, one thread, no other library.
#pragma once

#include <memory>

#include "base/result.h"
#include "captioner/captioner.h"

namespace jetsoncaption {

// Takes a tenth of a second. Describes the pictures of the bundle's self-test, which also warms up;
// that they are described wrongly is no error, but stands in info() and is logged as a warning.
// Precision Auto is int8 here, and device Auto the CPU.
// NotFound (also of int8 weights), InvalidArgument, CorruptModel, Unsupported, OutOfMemory.
Result<std::unique_ptr<Captioner>> load_int8_captioner(const CaptionerOptions& options);

}  // namespace jetsoncaption
