// SPDX-License-Identifier: LGPL-2.1-or-later
// What the weights of a training depend on, in words that can be compared.
#pragma once

#include "base/result.h"
#include "train/material.h"
#include "train/options.h"
#include "train/run_folder.h"

namespace jetsoncaption {

// Options by their names on the command line, and pictures, words and files of weights by their
// contents: they may be moved. Numbers of epochs are not in it, nor the options of stages without
// any, so that a training can be made longer. NotFound: a file cannot be read.
Result<RunRecord> record_of(const TrainOptions& options, const Material& material);

}  // namespace jetsoncaption
