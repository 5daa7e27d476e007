// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes and reads the three files of a checkpoint.
#include "train/checkpoint.h"

#include <cstdio>
#include <exception>
#include <fstream>

#include <torch/torch.h>

#include "bundle/atomic_file.h"
#include "bundle/bundle.h"
#include "train/parameters.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

// Epochs take turns with two names, so that none overwrites the files of the one before it. Older
// checkpoints have no such ending, and do not say what their files are called.
constexpr const char* kEndings[] = {"-even", "-odd", ""};

std::string name_of_turn(const std::string& name, int epochs) {
  return name + (epochs % 2 == 0 ? "-even" : "-odd");
}

// The tensors themselves, not copies: what is loaded into the result is in both arguments.
NamedTensors with_average(const NamedTensors& parameters, const NamedTensors& average) {
  NamedTensors tensors = parameters;
  for (const auto& [name, tensor] : average)
    tensors["average." + name] = tensor;
  return tensors;
}

Result<void> save_optimizer(const std::string& path, const torch::optim::AdamW& adam) {
  AtomicFile file(path);
  torch::save(adam, [&](const void* data, size_t bytes) {
    file.write(data, bytes);
    return bytes;
  });
  return file.finish();
}

}  // namespace

Checkpoint::Checkpoint(const std::string& work, Stage stage)
    : work_(work), name_(std::string("checkpoint-") + stage_name(stage)) {}

Result<void> Checkpoint::save(const NamedTensors& parameters, const NamedTensors& average,
                              const torch::optim::AdamW& adam,
                              const StageProgress& progress) const {
  const std::string name = name_of_turn(name_, progress.epochs);
  auto saved = save_tensors(path(name + ".safetensors"), with_average(parameters, average));
  if (!saved.ok())
    return saved;
  saved = save_optimizer(path(name + ".optimizer"), adam);
  if (!saved.ok())
    return saved;
  saved = save_state(progress, name);
  if (saved.ok())
    remove_all_but(name);
  return saved;
}

Result<void> Checkpoint::save_state(const StageProgress& progress, const std::string& files) const {
  const nlohmann::json state = {{"epoch", progress.epochs},
                                {"best_worth", progress.best_worth},
                                {"best_epoch", progress.best_epoch},
                                {"begun_on", progress.begun_on},
                                {"files", files}};
  return write_text_file(progress_path(), state.dump());
}

Result<Checkpoint::State> Checkpoint::read_state() const {
  std::ifstream file(progress_path());
  if (!file)
    return State();
  try {
    const auto json = nlohmann::json::parse(file);
    State state;
    state.progress.epochs = json.at("epoch");
    state.progress.best_worth = json.at("best_worth");
    // Older ones have none of these.
    state.progress.best_epoch = json.value("best_epoch", state.progress.epochs);
    state.progress.begun_on = json.value("begun_on", "");
    state.files = json.value("files", name_);
    return state;
  } catch (const nlohmann::json::exception& e) {
    return unusable(progress_path() + " is damaged: " + e.what());
  }
}

Result<StageProgress> Checkpoint::progress() const {
  auto stored = read_state();
  return stored.ok() ? Result<StageProgress>(stored.value().progress) : stored.error();
}

Result<void> Checkpoint::keep_beginning(const std::string& begun_on) const {
  auto stored = read_state();
  if (!stored.ok())
    return stored.error();
  stored.value().progress.begun_on = begun_on;
  return save_state(stored.value().progress, stored.value().files);
}

void Checkpoint::remove() const {
  std::remove(progress_path().c_str());
}

Result<void> Checkpoint::load(NamedTensors& parameters, NamedTensors& average,
                              torch::optim::AdamW& adam, StageProgress& progress) const {
  const auto stored = read_state();
  if (!stored.ok())
    return stored.error();
  const std::string& name = stored.value().files;
  if (name.empty())
    return {};
  NamedTensors tensors = with_average(parameters, average);
  auto loaded = load_tensors(path(name + ".safetensors"), tensors);
  if (!loaded.ok())
    return unusable(loaded.error().message);
  try {
    torch::load(adam, path(name + ".optimizer"));
  } catch (const std::exception&) {
    return unusable(path(name + ".optimizer") + " is missing or damaged");
  }
  progress = stored.value().progress;
  return {};
}

void Checkpoint::remove_all_but(const std::string& kept) const {
  for (const char* ending : kEndings) {
    const std::string name = name_ + ending;
    if (name == kept)
      continue;
    std::remove(path(name + ".safetensors").c_str());
    std::remove(path(name + ".optimizer").c_str());
  }
}

Error Checkpoint::unusable(const std::string& reason) const {
  return {ErrorKind::CorruptModel,
          reason + "; remove " + progress_path() + " to train this stage again"};
}

}  // namespace jetsoncaption
