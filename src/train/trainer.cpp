// SPDX-License-Identifier: LGPL-2.1-or-later
// From a data set to a bundle: reads, runs the stages one after the other, writes.
#include "train/trainer.h"

#include <thread>
#include <utility>

#include <torch/torch.h>

#include "model/torch_runtime.h"
#include "train/batch_loss.h"
#include "train/checkpoint.h"
#include "train/epoch_log.h"
#include "train/material.h"
#include "train/parameters.h"
#include "train/stage.h"
#include "train/stage_run.h"
#include "train/trained_bundle.h"

#include <malloc.h>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

Result<NamedTensors> first_parameters(const TrainOptions& options, const Material& material) {
  torch::manual_seed(options.seed);
  auto parameters =
      initial_parameters(options.backbone, material.config, material.vocabulary.size());
  if (!parameters.ok() || options.start.empty())
    return parameters;
  auto loaded = load_start(options.start, material.vocabulary, parameters.value());
  if (!loaded.ok())
    return loaded.error();
  return parameters;
}

Result<void> run_stages(const TrainOptions& options, const Material& material, const EpochLog& log,
                        const ProgressReport& progress, NamedTensors& parameters) {
  if (!options.resume) {
    log.begin_anew();
    for (const Stage stage : kStages)
      Checkpoint(options.work, stage).forget();
  }
  const BatchLoss loss(options, material);
  const Training training{options, material, loss, log, progress};
  for (const Stage stage : kStages) {
    if (stage_options(options, stage).epochs == 0)
      continue;
    auto done = run_stage(stage, training, parameters);
    if (!done.ok())
      return done;
  }
  return {};
}

Result<void> train_guarded(const TrainOptions& options, const PictureReader& read,
                           const ProgressReport& progress, const EpochLog::Report& epoch_done) {
  auto material = load_material(options, read, progress);
  if (!material.ok())
    return material.error();
  auto parameters = first_parameters(options, material.value());
  if (!parameters.ok())
    return parameters.error();
  mkdir(options.work.c_str(), 0777);
  const EpochLog log(options.work, epoch_done);
  auto trained = run_stages(options, material.value(), log, progress, parameters.value());
  if (!trained.ok())
    return trained;
  return write_bundle(options.output, material.value(), parameters.value());
}

}  // namespace

Result<void> train(const TrainOptions& options, const PictureReader& read,
                   const ProgressReport& progress,
                   const std::function<void(const std::string&)>& epoch_done) {
  // Training frees and allocates the same large tensors in every step: keep them in the heap
  // instead of asking the system for zeroed pages each time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  use_threads(options.threads > 0 ? options.threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  Result<void> result;
  auto guarded = guard_torch([&] { result = train_guarded(options, read, progress, epoch_done); });
  return guarded.ok() ? result : guarded;
}

}  // namespace jetsoncaption
