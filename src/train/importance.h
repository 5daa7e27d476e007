// SPDX-License-Identifier: LGPL-2.1-or-later
// What each channel of a model is worth.
#pragma once

#include <vector>

#include "bundle/config.h"
#include "torch/network.h"
#include "train/data_check.h"
#include "train/described_pictures.h"
#include "train/widths.h"

namespace jetsoncaption {

// For each channel of each width about how many nats of the likelihood of what is said of a
// picture are lost without it: half the mean square of the gradient for a factor on the
// channel. That is the second-order term of a Taylor series, with the Fisher information for the
// curvature, for the sentences are drawn from the model (Molchanov et al. 2019, "Importance
// Estimation for Neural Network Pruning"; Theis et al. 2018, "Faster gaze prediction with dense
// networks and Fisher pruning"). All widths have the same unit, so they can be compared.
std::vector<std::vector<double>> channel_importance(const ModelConfig& config,
                                                    const NamedTensors& tensors,
                                                    const DescribedPictures& described,
                                                    const ProgressReport& progress);

}  // namespace jetsoncaption
