// SPDX-License-Identifier: LGPL-2.1-or-later
// Collects what training works with.
#include "train/material.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "text/tokenizer.h"
#include "train/parameters.h"
#include "train/tag_nouns.h"

namespace jetsoncaption {
namespace {

constexpr size_t kLeastWords = 3;  // shorter sentences without pictures are no captions

using Counts = std::map<std::string, int>;

void count_words(const Words& sentence, Counts& counts) {
  for (const auto& word : sentence)
    ++counts[word];
}

// Words of the pictures' sentences, and those that are frequent enough in the others.
Vocabulary build_vocabulary(const Dataset& train, const std::vector<Words>& sentences,
                            const TrainOptions& options) {
  Counts counts;
  for (const auto& references : train.references) {
    for (const Words& reference : references)
      count_words(reference, counts);
  }
  Counts text_counts;
  for (const Words& sentence : sentences)
    count_words(sentence, text_counts);
  for (const auto& [word, count] : text_counts) {
    if (count >= options.min_text_count)
      counts[word] = std::max(counts[word], options.min_count);
  }
  return Vocabulary::build(std::move(counts), options.min_count);
}

Result<std::vector<Words>> read_sentences(const std::vector<std::string>& files, int max_words) {
  std::vector<Words> sentences;
  for (const std::string& path : files) {
    std::ifstream file(path);
    if (!file)
      return Error{ErrorKind::NotFound, path + " cannot be read; name a file of sentences"};
    for (std::string line; std::getline(file, line);) {
      Words words = tokenize(line);
      if (words.size() >= kLeastWords && words.size() <= static_cast<size_t>(max_words))
        sentences.push_back(std::move(words));
    }
  }
  return sentences;
}

Result<void> load_sources(const TrainOptions& options, const PictureReader& read,
                          const ProgressReport& progress, const ModelConfig& config, Dataset& train,
                          std::vector<Dataset>& dev) {
  for (const DataSource& source : options.sources) {
    const auto load = [&](const std::string& list) {
      return load_dataset(source.images, source.captions, list, config.input_width,
                          config.input_height, read, progress);
    };
    auto loaded = load(source.train_list);
    if (!loaded.ok())
      return loaded.error();
    append(std::move(loaded.value()), train);
    if (source.dev_list.empty())
      continue;
    auto loaded_dev = load(source.dev_list);
    if (!loaded_dev.ok())
      return loaded_dev.error();
    dev.push_back(std::move(loaded_dev.value()));
  }
  if (train.ids.empty() || dev.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "There are no pictures to learn from, or none to measure with; name at least one "
                 "folder with a list of each"};
  }
  return {};
}

}  // namespace

Result<Material> load_material(const TrainOptions& options, const PictureReader& read,
                               const ProgressReport& progress) {
  ModelConfig config;
  config.name = options.name;
  config.licence = options.licence;
  config.training_data = options.training_data;
  config.precisions = {"fp32"};
  config.quality_json = "{}";
  config.decoder = {options.feature_size, options.attention_size, options.embedding_size,
                    options.hidden_size};
  auto described = read_backbone_description(options.backbone, config);
  if (!described.ok())
    return described.error();

  auto sentences = read_sentences(options.sentences, options.max_words);
  if (!sentences.ok())
    return sentences.error();
  Dataset train;
  std::vector<Dataset> dev;
  auto loaded = load_sources(options, read, progress, config, train, dev);
  if (!loaded.ok())
    return loaded.error();
  auto vocabulary = build_vocabulary(train, sentences.value(), options);
  std::vector<int> tag_words;
  if (options.tag_cells > 0)
    tag_words = TagNouns(vocabulary).words();
  if (tag_words.size() < static_cast<size_t>(options.tag_cells))
    tag_words.clear();  // too few things are named to tell them apart
  if (!tag_words.empty())
    config.tags = {static_cast<int>(tag_words.size()), options.tag_cells};
  return Material{std::move(config), std::move(vocabulary),        std::move(train),
                  std::move(dev),    std::move(sentences.value()), std::move(tag_words)};
}

}  // namespace jetsoncaption
