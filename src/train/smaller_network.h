// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes channels out of a network, and lets what is left make up for them.
#pragma once

#include "bundle/config.h"
#include "torch/network.h"
#include "train/data_check.h"
#include "train/described_pictures.h"
#include "train/pruning_plan.h"

namespace jetsoncaption {

// The tensors of the full network without the channels that are not kept. Where a layer has lost
// some of its inputs, or its inputs have changed, its weights are corrected by least squares, so
// that on these pictures it gives what it gave in the full network (He et al.
// 2017, "Channel Pruning for Accelerating Very Deep Neural Networks"): layer after layer in the
// encoder, each with the inputs that those before it make now.
NamedTensors smaller_network(const ModelConfig& config, const NamedTensors& full,
                             const KeptChannels& kept, const DescribedPictures& described,
                             const ProgressReport& progress);

}  // namespace jetsoncaption
