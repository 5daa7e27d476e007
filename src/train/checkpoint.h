// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage needs on disk to go on after its last finished epoch.
#pragma once

#include <string>

#include <torch/optim/adamw.h>

#include "base/result.h"
#include "torch/network.h"
#include "train/stage.h"

namespace jetsoncaption {

struct StageProgress {
  int epochs = 0;          // that are finished
  double best_worth = -1;  // on the dev pictures; -1: not measured yet
  int best_epoch = 0;      // when it was
  std::string begun_on;    // content_hash() of the weights that the stage began with
};

// Three files in the work folder. checkpoint-STAGE.json has the progress and says how the other two
// are called: NAME.safetensors with the weights and their running mean, NAME.optimizer with the
// moments. It is written last, so that a crash or a power cut between the writes leaves the
// checkpoint before, whole.
class Checkpoint {
 public:
  Checkpoint(const std::string& work, Stage stage);

  Result<void> save(const NamedTensors& parameters, const NamedTensors& average,
                    const torch::optim::AdamW& adam, const StageProgress& progress) const;
  // Of the checkpoint on disk; no epochs when there is none. Older versions did not keep on what it
  // began. CorruptModel.
  Result<StageProgress> progress() const;
  // Adds that to the checkpoint on disk.
  Result<void> keep_beginning(const std::string& begun_on) const;
  // So that its files may be written over by a stage that begins anew.
  void remove() const;
  // Leaves everything as it is when there is no checkpoint of this stage. CorruptModel.
  Result<void> load(NamedTensors& parameters, NamedTensors& average, torch::optim::AdamW& adam,
                    StageProgress& progress) const;

 private:
  // What is in the .json.
  struct State {
    StageProgress progress;
    std::string files;  // empty when there is no checkpoint
  };
  Result<State> read_state() const;

  std::string path(const std::string& name) const { return work_ + "/" + name; }
  std::string progress_path() const { return path(name_ + ".json"); }
  void remove_all_but(const std::string& kept) const;
  Error unusable(const std::string& reason) const;
  Result<void> save_state(const StageProgress& progress, const std::string& files) const;

  const std::string work_;
  const std::string name_;  // "checkpoint-decoder": of the .json; the others begin with it
};

}  // namespace jetsoncaption
