// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the int8 weights of a bundle from its master weights.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "train/dataset.h"

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

}  // namespace jetsoncaption
