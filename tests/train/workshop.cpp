// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the data set of the trainer's tests and trains on it.
#include "workshop.h"

#include <fstream>
#include <map>
#include <stdexcept>

#include "bundle/bundle.h"
#include "colours.h"
#include "fakes/tiny_bundle.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

// Writes the tiny encoder as a backbone: what `train` starts from.
void write_backbone(const TemporaryDirectory& directory) {
  TemporaryDirectory tiny;
  ASSERT_TRUE(write_tiny_bundle(tiny.path(), 1).ok());
  const auto file = SafetensorsFile::open(tiny.file("model.safetensors"));
  ASSERT_TRUE(file.ok()) << file.error().message;
  const std::string prefix = "encoder.";
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, view] : file.value().tensors()) {
    if (name.compare(0, prefix.size(), prefix) == 0)
      tensors[name.substr(prefix.size())] = view;
  }
  ASSERT_TRUE(write_safetensors(directory.file("backbone.safetensors"), tensors, {}).ok());

  const ModelConfig config = tiny_config();
  nlohmann::json json;
  json["stem"]["out_channels"] = config.encoder.stem_channels;
  json["head"]["out_channels"] = config.encoder.head_channels;
  for (const BlockConfig& block : config.encoder.blocks) {
    json["blocks"].push_back({{"in_channels", block.in_channels},
                              {"hidden_channels", block.hidden_channels},
                              {"out_channels", block.out_channels},
                              {"stride", block.stride},
                              {"residual", block.residual}});
  }
  json["input"] = {{"width", config.input_width},
                   {"height", config.input_height},
                   {"scale", 1 / 127.5},
                   {"offset", -1.0}};
  directory.write("backbone.json", json.dump());
}

nlohmann::json parse_line(const std::string& line) {
  nlohmann::json entry = nlohmann::json::parse(line);
  EXPECT_EQ(entry.erase("seconds"), 1U);
  return entry;
}

}  // namespace

void no_progress(const std::string&, int, int) {}

Workshop::Workshop() {
  write_backbone(data_);
  std::string captions;
  std::string list;
  for (const Colour& colour : colours()) {
    const std::string id = std::string(colour.name) + ".png";
    captions += id + "\tA " + colour.name + " square .\n";
    list += id + "\n";
  }
  data_.write("captions.txt", captions);
  data_.write("list.txt", list);
}

TrainOptions Workshop::options() const {
  TrainOptions options;
  options.sources = {{"pictures",  // made by colours.h
                      data_.file("captions.txt"), data_.file("list.txt"), data_.file("list.txt")}};
  options.backbone = data_.file("backbone.safetensors");
  options.work = work_.path();
  options.output = output_.path();
  options.name = "colours";
  options.licence = "CC0-1.0";
  options.training_data = "made up";
  options.decoder = {200, 1e-2, 0};
  options.joint = {2, 1e-4, 1e-5};
  options.reward = {2, 1e-4, 0};
  options.batch = 2;  // twice as many where pictures have few sentences, as here
  options.feature_size = 16;
  options.attention_size = 16;
  options.embedding_size = 16;
  options.hidden_size = 32;
  options.tag_cells = 0;
  options.min_count = 1;
  options.dropout = 0.1;
  options.feature_dropout = 0;
  options.weight_decay = 1e-4;
  options.frozen_blocks = 0;
  options.label_smoothing = 0;
  options.average_decay = 0.9;
  options.threads = 1;
  return options;
}

TrainOptions Workshop::short_options() const {
  TrainOptions options = this->options();
  options.decoder.epochs = 2;
  return options;
}

void Workshop::remove_checkpoints() const {
  for (const char* stage : {"decoder", "joint", "reward"})
    unlink(work_.file(std::string("checkpoint-") + stage + ".json").c_str());
}

Log Workshop::written_log() const {
  std::ifstream file(work_.file("log.jsonl"));
  Log log;
  for (std::string line; std::getline(file, line);)
    log.push_back(parse_line(line));
  return log;
}

Result<void> train_epochs(const TrainOptions& options, int epochs, Log& log, std::string* notice) {
  TrainReports reports;
  reports.progress = no_progress;
  reports.epoch_done = [&](const std::string& line) {
    log.push_back(parse_line(line));
    if (static_cast<int>(log.size()) == epochs)
      throw std::runtime_error("the power failed");
  };
  if (notice != nullptr)
    reports.notice = [notice](const std::string& sentence) { *notice += sentence + "\n"; };
  return train(options, read_colour, reports);
}

Log train_all(const TrainOptions& options) {
  Log log;
  const auto trained = train_epochs(options, -1, log);
  EXPECT_TRUE(trained.ok()) << trained.error().message;
  return log;
}

}  // namespace jetsoncaption
