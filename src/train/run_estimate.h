// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a training will take, from one step of each stage.
#pragma once

#include "torch/network.h"
#include "train/batch_loss.h"
#include "train/material.h"
#include "train/options.h"

namespace jetsoncaption {

// Seconds of all epochs together, measured with copies of the parameters; takes about as long as
// three steps of each stage. Uses the random numbers of LibTorch's default generator.
double estimate_seconds(const TrainOptions& options, const Material& material,
                        const BatchLoss& loss, const NamedTensors& parameters);

}  // namespace jetsoncaption
