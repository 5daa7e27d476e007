// SPDX-License-Identifier: LGPL-2.1-or-later
// Encoder features of a data set on disk, so that the decoder can be trained without the encoder.
#pragma once

#include <string>

#include <torch/types.h>

#include "model/config.h"
#include "model/network.h"
#include "train/augment.h"
#include "train/dataset.h"

namespace jetsoncaption {

// Features of every picture as it is (view 0), mirrored (view 1) and varied (further views):
// float16 [views, N, P, C], mapped from `path`. Computed when the file is missing or belongs to
// another key; a key names everything the features depend on.
torch::Tensor cached_features(const std::string& path, const std::string& key,
                              const Encoder& encoder, const ModelConfig& config,
                              const torch::Tensor& pictures, int views, const Variation& variation,
                              const ProgressReport& progress);

// Features of plain pictures: float32 [N, P, C].
torch::Tensor encode_pictures(const Encoder& encoder, const ModelConfig& config,
                              const torch::Tensor& pictures);

}  // namespace jetsoncaption
