// SPDX-License-Identifier: LGPL-2.1-or-later
// The trainable tensors: from a backbone, from random numbers, and as files.
#pragma once

#include <string>

#include "base/result.h"
#include "bundle/config.h"
#include "torch/network.h"

namespace jetsoncaption {

// A backbone is a .safetensors file with its description as .json beside it, or a bundle, whose
// encoder it is.

// The file with its weights.
std::string backbone_weights(const std::string& backbone);

// Reads the description of a backbone into config.encoder and the input fields.
Result<void> read_backbone_description(const std::string& backbone, ModelConfig& config);

// The encoder's tensors from the backbone, the decoder's drawn from LibTorch's default
// generator (uniform, scaled by the number of inputs; word vectors normal, 0.1).
Result<NamedTensors> initial_parameters(const std::string& backbone, const ModelConfig& config,
                                        int vocabulary_size);

// Equal for equal tensors with equal names, on every machine.
std::string content_hash(const NamedTensors& tensors);

// Copies of all tensors without gradients.
NamedTensors copy_tensors(const NamedTensors& tensors);

Result<void> save_tensors(const std::string& path, const NamedTensors& tensors);
// Overwrites the values of `tensors` from a file that has the same names and shapes.
Result<void> load_tensors(const std::string& path, NamedTensors& tensors);

}  // namespace jetsoncaption
