// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes options as text and contents as hashes.
#include "train/run_record.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "train/parameters.h"
#include "train/stage.h"

namespace jetsoncaption {
namespace {

template <typename T>
std::string text_of(T value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

// "2539 words (a3f0...)".
std::string content(size_t count, const std::string& what, uint64_t hash) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return std::to_string(count) + " " + what + " (" + digits + ")";
}

std::string content(const Dataset& dataset) {
  uint64_t hash = hash_text("");
  for (size_t i = 0; i < dataset.ids.size(); ++i) {
    hash = hash_text(dataset.ids[i] + "\n", hash);
    for (const Words& sentence : dataset.references[i]) {
      for (const std::string& word : sentence)
        hash = hash_text(word + " ", hash);
    }
  }
  return content(dataset.ids.size(), "pictures", hash);
}

std::string content(const std::vector<Words>& sentences) {
  uint64_t hash = hash_text("");
  for (const Words& sentence : sentences) {
    for (const std::string& word : sentence)
      hash = hash_text(word + " ", hash);
  }
  return content(sentences.size(), "sentences", hash);
}

Result<std::string> content_of_file(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorKind::NotFound,
                 option + " " + path + " cannot be opened; name a file that can be read"};
  uint64_t hash = hash_text("");
  size_t bytes = 0;
  std::string piece(size_t{1} << 20, '\0');
  while (file.read(&piece[0], static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    const auto got = static_cast<size_t>(file.gcount());
    hash = hash_text(piece.substr(0, got), hash);
    bytes += got;
  }
  return content(bytes, "bytes", hash);
}

void add_options(const TrainOptions& options, RunRecord& record) {
  record["--batch"] = text_of(options.batch);
  record["--hidden-size"] = text_of(options.hidden_size);
  record["--tag-cells"] = text_of(options.tag_cells);
  record["--dropout"] = text_of(options.dropout);
  record["--feature-dropout"] = text_of(options.feature_dropout);
  record["--weight-decay"] = text_of(options.weight_decay);
  record["--max-words"] = text_of(options.max_words);
  record["--text-batch"] = text_of(options.text_batch);
  record["--text-weight"] = text_of(options.text_weight);
  record["--views"] = text_of(options.views);
  record["--bfloat16"] = options.bfloat16 ? "on" : "off";
  record["--language"] = options.language;
  record["--seed"] = text_of(options.seed);
  record["the sizes of the decoder"] = text_of(options.feature_size) + ", " +
                                       text_of(options.attention_size) + ", " +
                                       text_of(options.embedding_size);
}

void add_stages(const TrainOptions& options, RunRecord& record) {
  for (const Stage stage : kStages) {
    const StageOptions& chosen = stage_options(options, stage);
    if (chosen.epochs == 0)
      continue;
    const std::string name = std::string("--") + stage_name(stage) + "-rate";
    record[name] = text_of(chosen.decoder_learning_rate);
    record[name + " of the encoder"] = text_of(chosen.encoder_learning_rate);
    if (chosen.encoder_learning_rate > 0)
      record["--frozen-blocks"] = text_of(options.frozen_blocks);
    if (stage == Stage::Reward)
      record["--untrue-penalty"] = text_of(options.untrue_penalty);
  }
}

// By content, for they may be moved; "none" without a path.
Result<void> add_file(const std::string& option, const std::string& path, RunRecord& record) {
  record[option] = "none";
  if (path.empty())
    return {};
  auto found = content_of_file(option, path);
  if (!found.ok())
    return found.error();
  record[option] = found.value();
  return {};
}

Result<void> add_files(const TrainOptions& options, const Material& material, RunRecord& record) {
  std::vector<std::pair<std::string, std::string>> files = {
      {"--backbone", backbone_weights(options.backbone)},
      {"--start", options.start.empty() ? "" : backbone_weights(options.start)},
      {"--teacher-model",
       options.teacher_model.empty() ? "" : backbone_weights(options.teacher_model)},
  };
  if (!material.tag_words.empty()) {  // else nobody asks that teacher
    const bool is_asked = !options.teacher.backbone.empty();
    files.emplace_back("--teacher-backbone", options.teacher.backbone);
    files.emplace_back("--teacher-classifier", is_asked ? options.teacher.classifier : "");
    files.emplace_back("--teacher-nouns", is_asked ? options.teacher.nouns : "");
  }
  for (const auto& [option, path] : files) {
    auto added = add_file(option, path, record);
    if (!added.ok())
      return added;
  }
  return {};
}

// Of a backbone that is no bundle its description says it, which is another file.
std::string input_of(const ModelConfig& config) {
  std::ostringstream text;
  text << config.input_width << "x" << config.input_height << ", less";
  for (const float mean : config.input_mean)
    text << " " << mean;
  text << ", times";
  for (const float scale : config.input_scale)
    text << " " << scale;
  return text.str();
}

}  // namespace

Result<RunRecord> record_of(const TrainOptions& options, const Material& material) {
  RunRecord record;
  add_options(options, record);
  add_stages(options, record);
  record["the vocabulary"] = content(static_cast<size_t>(material.vocabulary.size()), "words",
                                     hash_text(material.vocabulary.to_text()));
  record["what is learnt from"] = content(material.train);
  for (size_t i = 0; i < material.dev.size(); ++i)
    record["dev set " + std::to_string(i + 1)] = content(material.dev[i]);
  record["--sentences"] = content(material.sentences);
  record["the input of the encoder"] = input_of(material.config);
  auto added = add_files(options, material, record);
  if (!added.ok())
    return added.error();
  if (!options.teacher_model.empty()) {
    record["--teacher-weight"] = text_of(options.teacher_weight);
    record["--teacher-temperature"] = text_of(options.teacher_temperature);
  }
  return record;
}

}  // namespace jetsoncaption
