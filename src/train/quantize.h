// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes smaller weights of a bundle's master weights: int8 beside them, or fp16 in their place.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "train/data_check.h"

namespace jetsoncaption {

// Writes model-int8.safetensors into the bundle and adds "int8" to the precisions of its
// config.json. `pictures` are paths of training pictures; some hundred are enough.
//
// Matrices: symmetric, a scale for each output channel or row, found by searching the range with
// the smallest squared error. Activations of the encoder: one step a layer, found in the same way
// on the values that the pictures cause; those of the decoder are quantized as they come.
// NotFound, CorruptModel, InvalidArgument, Internal.
Result<void> quantize_bundle(const std::string& directory, const std::vector<std::string>& pictures,
                             const PictureReader& read, const ProgressReport& progress);

// Rounds the matrices and convolutions of model.safetensors to fp16, in place, and names fp16
// instead of fp32 among the precisions of config.json. NotFound, CorruptModel, InvalidArgument when
// a number is too large for fp16, Internal.
Result<void> halve_bundle(const std::string& directory);

}  // namespace jetsoncaption
