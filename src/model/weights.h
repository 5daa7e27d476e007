// SPDX-License-Identifier: LGPL-2.1-or-later
// Tensors of a safetensors file as LibTorch tensors, and back.
#pragma once

#include <map>
#include <string>

#include "model/network.h"
#include "model/safetensors.h"

namespace jetsoncaption {

// fp32 tensors point into the mapping, so the file must outlive them. fp16 tensors, and int8
// matrices with their .weight_scale, are converted to fp32, one tensor at a time. Scales are left
// out, .output_scale is kept.
NamedTensors fp32_tensors(const SafetensorsFile& file);

// Borrows contiguous fp32, fp16 or int8 CPU tensors for write_safetensors().
std::map<std::string, TensorView> tensor_views(const NamedTensors& tensors);

}  // namespace jetsoncaption
