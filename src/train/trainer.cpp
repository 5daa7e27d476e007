// SPDX-License-Identifier: LGPL-2.1-or-later
// From a data set to a bundle: reads, runs the stages one after the other, writes.
#include "train/trainer.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <torch/torch.h>

#include "base/duration.h"
#include "base/heap.h"
#include "torch/torch_runtime.h"
#include "train/batch_loss.h"
#include "train/epoch_log.h"
#include "train/material.h"
#include "train/option_check.h"
#include "train/parameters.h"
#include "train/picture_bank.h"
#include "train/preparation.h"
#include "train/run_estimate.h"
#include "train/run_folder.h"
#include "train/run_record.h"
#include "train/split_files.h"
#include "train/stage.h"
#include "train/stage_run.h"
#include "train/tag_nouns.h"
#include "train/tag_training.h"
#include "train/teacher_model.h"
#include "train/trained_bundle.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

// What is kept in the work folder because it takes minutes to make.
constexpr const char* kTagTargets = "/tag-targets.safetensors";
constexpr const char* kBegin = "/begin.safetensors";

// Takes the work folder for a run with this record. What was made with another goes, or a later
// run would take it for its own.
Result<void> enter_folder(const TrainOptions& options, const RunRecord& record) {
  const bool is_same = options.resume && is_same_run(options.work, record);
  auto begun = begin_run(options.work, record, options.resume);
  if (!begun.ok() || is_same)
    return begun;
  unlink((options.work + kTagTargets).c_str());
  unlink((options.work + kBegin).c_str());
  return {};
}

// The tags of the training pictures as they should be.
Result<torch::Tensor> find_tag_targets(const TrainOptions& options, const Material& material,
                                       const TagNouns& nouns, const ProgressReport& progress) {
  if (material.tag_words.empty())
    return torch::Tensor();
  const std::string path = options.work + kTagTargets;
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

// The weights that the first stage begins with.
Result<NamedTensors> first_parameters(const TrainOptions& options, const Material& material,
                                      const torch::Tensor& targets, PictureBank& bank,
                                      const ProgressReport& progress) {
  torch::manual_seed(options.seed);
  auto parameters =
      initial_parameters(options.backbone, material.config, material.vocabulary.size());
  if (!parameters.ok())
    return parameters;
  const std::string path = options.work + kBegin;
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
    const auto means = encode_all(material, parameters.value(),
                                  material.learns_sentences(options) ? &bank : nullptr, progress);
    fit_tags(means, targets, parameters.value(), progress);
  }
  auto saved = save_tensors(path, parameters.value());
  if (!saved.ok())
    return saved.error();
  return parameters;
}

// Null where there is none.
Result<std::unique_ptr<TeacherModel>> open_teacher(const TrainOptions& options,
                                                   const Material& material) {
  if (options.teacher_model.empty())
    return std::unique_ptr<TeacherModel>();
  return TeacherModel::open(options.teacher_model, material);
}

Result<void> run_stages(const TrainOptions& options, const Material& material,
                        const BatchLoss& loss, const EpochLog& log, const TrainReports& reports,
                        NamedTensors& parameters) {
  if (!options.resume)
    log.begin_anew();
  auto kept = options.resume ? keep_beginnings(options, parameters) : Result<void>();
  if (!kept.ok())
    return kept;
  const Training training{options, material, loss, log, reports.progress, reports.notice};
  for (const Stage stage : kStages) {
    if (stage_options(options, stage).epochs == 0)
      continue;
    auto done = run_stage(stage, training, parameters);
    if (!done.ok())
      return done;
  }
  return {};
}

std::string summary(const TrainOptions& options, const Material& material, const BatchLoss& loss,
                    const NamedTensors& parameters) {
  size_t dev = 0;
  for (const Dataset& set : material.dev)
    dev += set.ids.size();
  return std::to_string(material.train.size()) + " pictures to learn from, " + std::to_string(dev) +
         " to measure on, " + std::to_string(material.vocabulary.size()) +
         " words. All epochs together take about " +
         format_duration(estimate_seconds(options, material, loss, parameters)) + ".";
}

Result<void> train_guarded(const TrainOptions& options, const PictureReader& read,
                           const TrainReports& reports) {
  auto checked = check_options(options);
  if (!checked.ok())
    return checked;
  const auto lock = RunLock::take(options.work);
  if (!lock.ok())
    return lock.error();
  auto material = load_material(options, read, reports.progress);
  if (!material.ok())
    return material.error();
  auto record = record_of(options, material.value());
  if (!record.ok())
    return record.error();
  auto begun = enter_folder(options, record.value());
  if (begun.ok())
    begun = write_split_files(options, material.value().splits);
  if (!begun.ok())
    return begun;
  const ModelConfig& config = material.value().config;
  auto teacher = open_teacher(options, material.value());
  if (!teacher.ok())
    return teacher.error();
  const TagNouns nouns(material.value().vocabulary);
  PictureBank bank(material.value().train, nouns, config.grid_width(), config.grid_height(),
                   config.encoder.head_channels);
  auto targets = find_tag_targets(options, material.value(), nouns, reports.progress);
  if (!targets.ok())
    return targets.error();
  auto parameters =
      first_parameters(options, material.value(), targets.value(), bank, reports.progress);
  if (!parameters.ok())
    return parameters.error();
  const BatchLoss loss(options, material.value(), nouns, targets.value(), bank,
                       teacher.value().get());
  if (reports.notice)
    reports.notice(summary(options, material.value(), loss, parameters.value()));
  const EpochLog log(options.work, reports.epoch_done);
  auto trained = run_stages(options, material.value(), loss, log, reports, parameters.value());
  if (!trained.ok())
    return trained;
  return write_bundle(options.output, material.value(), parameters.value());
}

}  // namespace

Result<void> train(const TrainOptions& options, const PictureReader& read,
                   const TrainReports& reports) {
  keep_freed_blocks();
  use_threads(options.threads > 0 ? options.threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  Result<void> result;
  auto guarded = guard_torch([&] { result = train_guarded(options, read, reports); });
  return guarded.ok() ? result : guarded;
}

}  // namespace jetsoncaption
