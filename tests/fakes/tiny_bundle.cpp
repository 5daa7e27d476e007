// SPDX-License-Identifier: LGPL-2.1-or-later
// A model bundle of a few kilobytes for tests: valid in every respect, but it has learned nothing.
#include "fakes/tiny_bundle.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "bundle/bundle.h"

#include <sys/stat.h>

namespace jetsoncaption {

namespace {

const char* const kWords[] = {"<pad>", "<start>", "<end>", "<unk>", "a",    "the",  "red", "dog",
                              "cat",   "child",   "runs",  "plays", "with", "ball", "on",  "grass"};
constexpr int kWordCount = sizeof kWords / sizeof kWords[0];

using Floats = std::vector<float>;

std::string vocabulary_text() {
  std::string text;
  for (const char* word : kWords)
    text += std::string(word) + "\n";
  return text;
}

int64_t element_count(const std::vector<int64_t>& shape) {
  return TensorView{DataType::F32, shape, nullptr}.elements();
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Uniform in [-limit, limit). Not std::uniform_real_distribution, whose results differ between
// standard libraries.
Floats random_floats(int64_t count, float limit, std::mt19937& generator) {
  Floats values(static_cast<size_t>(count));
  for (float& value : values) {
    const int32_t step = static_cast<int32_t>(generator() >> 8) - (1 << 23);
    value = static_cast<float>(step) / (1 << 23) * limit;
  }
  return values;
}

// Weights are scaled so that no layer dies or saturates: a variance of 2 / inputs (He et al. 2015,
// "Delving Deep into Rectifiers", section 2.2).
std::map<std::string, Floats> random_master(const std::map<std::string, TensorSpec>& specs,
                                            unsigned seed) {
  std::mt19937 generator(seed);
  std::map<std::string, Floats> master;
  for (const auto& item : specs) {
    const std::vector<int64_t>& shape = item.second.shape;
    const int64_t count = element_count(shape);
    const float limit = ends_with(item.first, ".bias")
                            ? 0.1F
                            : std::sqrt(6.0F * static_cast<float>(shape[0]) / count);
    master[item.first] = random_floats(count, limit, generator);
  }
  return master;
}

// One step for each row, so that the largest value of the row becomes 127.
std::pair<std::vector<int8_t>, Floats> round_rows(const Floats& weight, size_t rows) {
  std::vector<int8_t> rounded;
  Floats scales;
  const size_t columns = weight.size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    const float* values = weight.data() + row * columns;
    float largest = 0;
    for (size_t i = 0; i < columns; ++i)
      largest = std::max(largest, std::fabs(values[i]));
    const float scale = largest > 0 ? largest / 127 : 1;
    for (size_t i = 0; i < columns; ++i) {
      rounded.push_back(static_cast<int8_t>(std::lround(values[i] / scale)));
    }
    scales.push_back(scale);
  }
  return {std::move(rounded), std::move(scales)};
}

Result<void> write_master(const std::string& path, const std::map<std::string, TensorSpec>& specs,
                          const std::map<std::string, Floats>& master) {
  std::map<std::string, TensorView> views;
  for (const auto& item : specs) {
    views[item.first] = {DataType::F32, item.second.shape, master.at(item.first).data()};
  }
  return write_safetensors(path, views, {});
}

// Of layers that end in ReLU6 the range is known; projections have none, so it is a guess.
float output_scale(const std::string& name) {
  return name.find(".project.") == std::string::npos ? 6.0F / 255 : 0.05F;
}

Result<void> write_int8(const std::string& path, const std::map<std::string, TensorSpec>& specs,
                        const std::map<std::string, Floats>& master) {
  std::map<std::string, std::vector<int8_t>> rounded;
  std::map<std::string, Floats> floats;
  for (const auto& item : specs) {
    const std::string& name = item.first;
    if (item.second.types[0] == DataType::I8) {
      auto rows = round_rows(master.at(name), static_cast<size_t>(item.second.shape[0]));
      rounded[name] = std::move(rows.first);
      floats[name + "_scale"] = std::move(rows.second);
    } else if (ends_with(name, ".output_scale")) {
      floats[name] = {output_scale(name)};
    } else if (!ends_with(name, ".weight_scale")) {
      floats[name] = master.at(name);
    }
  }
  std::map<std::string, TensorView> views;
  for (const auto& item : specs) {
    const bool is_int8 = item.second.types[0] == DataType::I8;
    const void* data = is_int8 ? static_cast<const void*>(rounded.at(item.first).data())
                               : static_cast<const void*>(floats.at(item.first).data());
    views[item.first] = {item.second.types[0], item.second.shape, data};
  }
  return write_safetensors(path, views, {});
}

// What write_self_test() finds for the weights of seed 1, kept here so that a bundle can be made
// without LibTorch.
std::vector<SelfTestPicture> tiny_self_test() {
  const std::vector<int> plays_on = {5, 11, 15, 11, 15, 11, 15, 11};
  const std::vector<int> only_with = {12, 12, 12, 12, 12, 12, 12, 12};
  return {{17, 0.347F, {{"fp32", plays_on}, {"int8", plays_on}}},
          {8, 0.167F, {{"fp32", only_with}, {"int8", only_with}}}};
}

}  // namespace

ModelConfig tiny_config() {
  ModelConfig config;
  config.format_version = 1;
  config.name = "tiny";
  config.encoder.stem_channels = 8;
  config.encoder.blocks = {{8, 8, 8, 2, false},
                           {8, 16, 8, 2, false},
                           {8, 16, 8, 1, true},
                           {8, 16, 12, 2, false},
                           {12, 24, 16, 2, false}};
  config.encoder.head_channels = 16;
  config.decoder = {8, 8, 8, 8};
  config.input_width = 64;
  config.input_height = 64;
  config.precisions = {"fp32", "int8"};
  config.licence = "CC0-1.0";
  config.training_data = "none: the weights are random";
  config.quality_json = "{}";
  return config;
}

ModelConfig tiny_tagged_config() {
  ModelConfig config = tiny_config();
  config.format_version = 2;
  config.encoder.blocks[1].kernel = 5;
  config.encoder.blocks[2].kernel = 5;
  config.tags = {5, 2};
  return config;
}

namespace {

Result<void> write_files(const std::string& directory, unsigned seed, const ModelConfig& config) {
  if (mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return Error{ErrorKind::NotFound,
                 "cannot make the directory " + directory + ": " + std::strerror(errno)};
  }
  const auto config_written = write_text_file(directory + "/config.json", format_config(config));
  if (!config_written.ok())
    return config_written;
  const auto words_written = write_text_file(directory + "/vocabulary.txt", vocabulary_text());
  if (!words_written.ok())
    return words_written;

  if (config.tags.classes > 0) {
    // A class without a noun, and a noun with two classes.
    const auto tags_written = write_text_file(directory + "/tags.txt", "dog\n\ncat\nball\ndog\n");
    if (!tags_written.ok())
      return tags_written;
  }

  const auto master_specs = expected_tensors(config, kWordCount, WeightFile::Master);
  const auto master = random_master(master_specs, seed);
  const auto master_written =
      write_master(directory + "/" + weight_file_name(WeightFile::Master), master_specs, master);
  if (!master_written.ok())
    return master_written;
  return write_int8(directory + "/" + weight_file_name(WeightFile::Int8),
                    expected_tensors(config, kWordCount, WeightFile::Int8), master);
}

}  // namespace

Result<void> write_tiny_bundle(const std::string& directory, unsigned seed) {
  ModelConfig config = tiny_config();
  if (seed == 1)
    config.self_test = tiny_self_test();
  return write_files(directory, seed, config);
}

Result<void> write_tiny_bundle_of(const std::string& directory, unsigned seed,
                                  const ModelConfig& config) {
  return write_files(directory, seed, config);
}

Result<void> write_tiny_tagged_bundle(const std::string& directory, unsigned seed) {
  return write_files(directory, seed, tiny_tagged_config());
}

}  // namespace jetsoncaption
