// SPDX-License-Identifier: LGPL-2.1-or-later
// Tensors of a safetensors file as LibTorch tensors, and back.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "bundle/safetensors.h"
#include "torch/network.h"

namespace jetsoncaption {

// fp32 tensors point into the file's memory, so the file must outlive them. fp16 tensors, and int8
// matrices with their .weight_scale, are converted to fp32, one tensor at a time. Scales are left
// out, .output_scale is kept.
NamedTensors fp32_tensors(const SafetensorsFile& file);

// The same, but keeps what convert() makes of each tensor, so that of the others there are never
// two copies.
using TensorConversion =
    std::function<torch::Tensor(const std::string& name, const torch::Tensor& fp32)>;
NamedTensors convert_tensors(const SafetensorsFile& file, const TensorConversion& convert);

// Whether a tensor is one that a bundle may store as fp16: a matrix or a convolution, not a bias.
bool may_be_half(const std::string& name);

// Whether all numbers are small enough for fp16.
bool fits_half(const torch::Tensor& fp32);

// Borrows contiguous fp32, fp16 or int8 CPU tensors for write_safetensors().
std::map<std::string, TensorView> tensor_views(const NamedTensors& tensors);

}  // namespace jetsoncaption
