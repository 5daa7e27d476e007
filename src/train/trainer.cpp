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
#include "train/picture_bank.h"
#include "train/preparation.h"
#include "train/stage.h"
#include "train/stage_run.h"
#include "train/tag_nouns.h"
#include "train/tag_training.h"
#include "train/trained_bundle.h"

#include <malloc.h>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

// The tags of the training pictures as they should be; kept in the work folder, for asking the
// teacher takes minutes.
Result<torch::Tensor> find_tag_targets(const TrainOptions& options, const Material& material,
                                       const TagNouns& nouns, const ProgressReport& progress) {
  if (material.tag_words.empty())
    return torch::Tensor();
  const std::string path = options.work + "/tag-targets.safetensors";
  NamedTensors kept{{"targets", torch::empty({material.train.size(), nouns.classes()})}};
  if (options.resume && load_tensors(path, kept).ok())
    return kept.at("targets");
  auto targets = tag_targets(material.train, nouns, options.teacher, progress);
  if (!targets.ok())
    return targets;
  kept["targets"] = targets.value();
  auto saved = save_tensors(path, kept);
  if (!saved.ok())
    return saved.error();
  return targets;
}

// The weights that the first stage begins with; kept in the work folder too.
Result<NamedTensors> first_parameters(const TrainOptions& options, const Material& material,
                                      const torch::Tensor& targets, PictureBank& bank,
                                      const ProgressReport& progress) {
  torch::manual_seed(options.seed);
  auto parameters =
      initial_parameters(options.backbone, material.config, material.vocabulary.size());
  if (!parameters.ok())
    return parameters;
  const std::string path = options.work + "/begin.safetensors";
  if (options.resume && load_tensors(path, parameters.value()).ok())
    return parameters;
  Start start;
  if (!options.start.empty()) {
    auto loaded = load_start(options.start, material, parameters.value());
    if (!loaded.ok())
      return loaded.error();
    start = loaded.value();
    if (!start.has_encoder) {
      auto fitted = take_features_over(options.start, material, parameters.value(), progress);
      if (!fitted.ok())
        return fitted.error();
    }
  }
  if (targets.defined() && !start.has_tags) {
    const auto means = encode_all(material, parameters.value(), bank, progress);
    fit_tags(means, targets, parameters.value(), progress);
  }
  auto saved = save_tensors(path, parameters.value());
  if (!saved.ok())
    return saved.error();
  return parameters;
}

Result<void> run_stages(const TrainOptions& options, const Material& material,
                        const BatchLoss& loss, const EpochLog& log, const ProgressReport& progress,
                        NamedTensors& parameters) {
  if (!options.resume) {
    log.begin_anew();
    for (const Stage stage : kStages)
      Checkpoint(options.work, stage).forget();
  }
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
  mkdir(options.work.c_str(), 0777);
  const ModelConfig& config = material.value().config;
  const TagNouns nouns(material.value().vocabulary);
  PictureBank bank(material.value().train, nouns, config.grid_width(), config.grid_height(),
                   config.encoder.head_channels);
  auto targets = find_tag_targets(options, material.value(), nouns, progress);
  if (!targets.ok())
    return targets.error();
  auto parameters = first_parameters(options, material.value(), targets.value(), bank, progress);
  if (!parameters.ok())
    return parameters.error();
  const BatchLoss loss(options, material.value(), nouns, targets.value(), bank);
  const EpochLog log(options.work, epoch_done);
  auto trained = run_stages(options, material.value(), loss, log, progress, parameters.value());
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
