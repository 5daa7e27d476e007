// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything that is needed to train on six pictures of one colour each, with an encoder that is
// random numbers: quick, and still everything has to be right for the captions to be.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "fakes/temporary_directory.h"
#include "train/trainer.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {

void no_progress(const std::string&, int, int);

// Lines of the log without the times, which are different in each run.
using Log = std::vector<nlohmann::json>;

// A data set on disk with a place for the results.
class Workshop {
 public:
  Workshop();

  // Small enough for two seconds, strong enough to learn six sentences.
  TrainOptions options() const;
  // The same with two epochs a stage.
  TrainOptions short_options() const;

  // So that a new run may begin in the same folder.
  void remove_checkpoints() const;

  // What is in log.jsonl.
  Log written_log() const;

  TemporaryDirectory data_;
  TemporaryDirectory work_;
  TemporaryDirectory output_;
};

// Trains and stops, as if the power failed, when `log` has so many epochs. To `notice` is added
// what the training says beside its progress, a sentence a line.
Result<void> train_epochs(const TrainOptions& options, int epochs, Log& log,
                          std::string* notice = nullptr);

Log train_all(const TrainOptions& options);

}  // namespace jetsoncaption
