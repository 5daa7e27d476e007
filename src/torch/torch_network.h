// SPDX-License-Identifier: LGPL-2.1-or-later
// A network that computes with LibTorch.
#pragma once

#include <memory>

#include "bundle/bundle.h"
#include "captioner/caption_network.h"

namespace jetsoncaption {

struct TorchOptions {
  bool cuda = false;  // on the first CUDA device (cuda_device.h), else on the CPU
  bool half = false;  // weights are rounded to fp16, and on CUDA computed with as such
};

// On LibTorch, in fp32 unless `half` on CUDA: processors have no fast fp16 arithmetic. On the CPU
// weights that are stored as fp32 are used where they are; all others are converted tensor by
// tensor. The bundle must outlive the network. May throw what LibTorch throws.
std::unique_ptr<CaptionNetwork> make_torch_network(const Bundle& bundle,
                                                   const TorchOptions& options = {});

// Gives the memory of those weights back that a network of make_torch_network() with these options
// has copied: no other network can be made of the bundle then.
void give_back_torch_copies(Bundle& bundle, const TorchOptions& options);

}  // namespace jetsoncaption
