// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the epochs of one stage and keeps the best weights it sees.
#pragma once

#include <functional>
#include <string>

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
  const std::function<void(const std::string& sentence)>& notice;  // may be empty
};

// Checkpoints of older versions do not say on what they began: on what lies before them, as long as
// no stage has gone on. `first` are the weights of the first stage.
Result<void> keep_beginnings(const TrainOptions& options, const NamedTensors& first);

// In each epoch every training picture is seen once; then the running mean of the weights captions
// the pictures of each dev set, and is kept in work/best-STAGE.safetensors when it does so better
// than before: by the mean over the sets of CIDEr-D less a quarter of the share of untrue
// sentences. In the end `parameters` are the best. Goes on from a checkpoint if options.resume says
// so; from one that began with other `parameters` it does not, and gives notice.
Result<void> run_stage(Stage stage, const Training& training, NamedTensors& parameters);

}  // namespace jetsoncaption
