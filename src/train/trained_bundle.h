// SPDX-License-Identifier: LGPL-2.1-or-later
// Bundles before and after training: the weights to go on from, and the result.
#pragma once

#include <string>

#include "base/result.h"
#include "model/network.h"
#include "text/vocabulary.h"
#include "train/material.h"

namespace jetsoncaption {

// Overwrites `parameters` with the weights of a bundle that was trained with the same words.
// InvalidArgument when it was not; NotFound, CorruptModel.
Result<void> load_start(const std::string& directory, const Vocabulary& vocabulary,
                        NamedTensors& parameters);

// Makes the directory if it is missing.
Result<void> write_bundle(const std::string& directory, const Material& material,
                          const NamedTensors& parameters);

}  // namespace jetsoncaption
