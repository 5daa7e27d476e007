// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures as the network sees them in training: plain or varied a little.
#pragma once

#include <torch/types.h>

#include "bundle/config.h"

namespace jetsoncaption {

// uint8 [B, 3, H, W] -> float [B, 3, H, W], normalised as config says.
torch::Tensor normalize_pictures(const torch::Tensor& pictures, const ModelConfig& config);

struct Variation {
  double mirror_probability = 0.5;
  double smallest_crop = 0.8;     // side of the random crop that is stretched to the full size
  double blur_probability = 0.3;  // that it is scaled down and up again, so that small pictures
                                  // among the data are not known by their blur
  double smallest_scale = 0.35;   // the side it is scaled down to, as a share
  double colour_jitter = 0.2;     // brightness, contrast and saturation change by up to this share
};

// Each picture varied on its own, with the random numbers of LibTorch's default generator:
// uint8 [B, 3, H, W] -> uint8 [B, 3, H, W].
torch::Tensor vary_pictures(const torch::Tensor& pictures, const Variation& variation);

}  // namespace jetsoncaption
