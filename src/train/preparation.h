// SPDX-License-Identifier: LGPL-2.1-or-later
// What is done once before the first stage: features of all pictures, tags, and an encoder that
// takes the place of another.
#pragma once

#include <torch/types.h>

#include "base/result.h"
#include "torch/network.h"
#include "train/material.h"
#include "train/options.h"
#include "train/picture_bank.h"

namespace jetsoncaption {

// Encodes every training picture as it is: fills the bank unless it is null, and returns the means
// of the windows of the tags, float [N, W, C].
torch::Tensor encode_all(const Material& material, const NamedTensors& parameters,
                         PictureBank* bank, const ProgressReport& progress);

// For a decoder that was trained with another encoder (a bundle's): fits decoder.feature so that it
// makes of the new encoder's features what it made of the old one's, by least squares on the
// features in the bank. `old_parameters` are the bundle's with its `old_config`.
void fit_features(const Material& material, const NamedTensors& old_parameters,
                  const ModelConfig& old_config, NamedTensors& parameters,
                  const ProgressReport& progress);

}  // namespace jetsoncaption
