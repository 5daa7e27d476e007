// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes and reads the three files of a checkpoint.
#include "train/checkpoint.h"

#include <cstdio>
#include <exception>
#include <fstream>

#include <torch/torch.h>

#include "model/bundle.h"
#include "train/parameters.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

// The tensors themselves, not copies: what is loaded into the result is in both arguments.
NamedTensors with_average(const NamedTensors& parameters, const NamedTensors& average) {
  NamedTensors tensors = parameters;
  for (const auto& [name, tensor] : average)
    tensors["average." + name] = tensor;
  return tensors;
}

}  // namespace

Checkpoint::Checkpoint(const std::string& work, Stage stage)
    : path_(work + "/checkpoint-" + stage_name(stage)) {}

Result<void> Checkpoint::save(const NamedTensors& parameters, const NamedTensors& average,
                              const torch::optim::AdamW& adam,
                              const StageProgress& progress) const {
  auto saved = save_tensors(path_ + ".safetensors", with_average(parameters, average));
  if (!saved.ok())
    return saved;
  torch::save(adam, path_ + ".optimizer");
  const nlohmann::json state = {{"epoch", progress.epochs},
                                {"best_cider_d", progress.best_cider_d}};
  return write_text_file(path_ + ".json", state.dump());
}

Result<void> Checkpoint::load(NamedTensors& parameters, NamedTensors& average,
                              torch::optim::AdamW& adam, StageProgress& progress) const {
  std::ifstream file(path_ + ".json");
  if (!file)
    return {};
  NamedTensors tensors = with_average(parameters, average);
  auto loaded = load_tensors(path_ + ".safetensors", tensors);
  if (!loaded.ok())
    return loaded;
  try {
    const auto state = nlohmann::json::parse(file);
    torch::load(adam, path_ + ".optimizer");
    progress = {state.at("epoch"), state.at("best_cider_d")};
  } catch (const std::exception&) {
    return Error{ErrorKind::CorruptModel,
                 path_ +
                     ".json or .optimizer is damaged; remove the first to train this stage "
                     "again"};
  }
  return {};
}

void Checkpoint::forget() const {
  std::remove((path_ + ".json").c_str());
}

}  // namespace jetsoncaption
