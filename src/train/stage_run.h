// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the epochs of one stage and keeps the best weights it sees.
#pragma once

#include "base/result.h"
#include "torch/network.h"
#include "train/batch_loss.h"
#include "train/dataset.h"
#include "train/epoch_log.h"
#include "train/material.h"
#include "train/options.h"
#include "train/stage.h"

namespace jetsoncaption {

// What the stages share; all of it is borrowed.
struct Training {
  const TrainOptions& options;
  const Material& material;
  const BatchLoss& loss;
  const EpochLog& log;
  const ProgressReport& progress;
};

// In each epoch every training picture is seen once; then the running mean of the weights captions
// the pictures of each dev set, and is kept in work/best-STAGE.safetensors when it does so better
// than before: by the mean over the sets of CIDEr-D less a quarter of the share of untrue
// sentences. In the end `parameters` are the best. Goes on from a checkpoint if options.resume says
// so.
Result<void> run_stage(Stage stage, const Training& training, NamedTensors& parameters);

}  // namespace jetsoncaption
