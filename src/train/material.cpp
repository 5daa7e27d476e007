// SPDX-License-Identifier: LGPL-2.1-or-later
// Collects what training works with.
#include "train/material.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/model_cost.h"
#include "text/language.h"
#include "text/tokenizer.h"
#include "train/parameters.h"
#include "train/source_reading.h"
#include "train/tag_nouns.h"

namespace jetsoncaption {
namespace {

constexpr size_t kLeastWords = 3;  // shorter sentences without pictures are no captions

using Counts = std::map<std::string, int>;

void count_words(const Words& sentence, Counts& counts) {
  for (const auto& word : sentence)
    ++counts[word];
}

// That of the bundle that training starts from; none without one.
Result<std::optional<Vocabulary>> known_words(const std::string& start) {
  if (start.empty())
    return std::optional<Vocabulary>();
  auto bundle = open_bundle(start, WeightFile::Master);
  if (!bundle.ok())
    return bundle.error();
  return std::optional<Vocabulary>(std::move(bundle.value().vocabulary));
}

// Words that are known already, those of the pictures' sentences, and those that are frequent
// enough in the others. Known words keep their ids, so that runs that begin with the same bundle
// and add no words can be averaged.
Vocabulary build_vocabulary(const Dataset& train, const std::vector<Words>& sentences,
                            const TrainOptions& options, const Vocabulary* known) {
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
  return Vocabulary::build(std::move(counts), options.min_count, known);
}

Result<std::vector<Words>> read_sentences(const std::vector<std::string>& files, int max_words,
                                          Tokenizer& tokenizer) {
  std::vector<Words> sentences;
  for (const std::string& path : files) {
    std::ifstream file(path);
    if (!file)
      return Error{ErrorKind::NotFound, path + " cannot be read; name a file of sentences"};
    const size_t before = sentences.size();
    for (std::string line; std::getline(file, line);) {
      Words words = tokenizer.words(line);
      if (words.size() >= kLeastWords && words.size() <= static_cast<size_t>(max_words))
        sentences.push_back(std::move(words));
    }
    if (file.bad() || sentences.size() == before)
      return Error{ErrorKind::InvalidArgument,
                   path +
                       (file.bad() ? " cannot be read to its end"
                                   : " has no sentence of " + std::to_string(kLeastWords) + " to " +
                                         std::to_string(max_words) + " words") +
                       "; name a file with a sentence a line"};
  }
  return sentences;
}

Result<void> load_sources(const TrainOptions& options, const PictureReader& read,
                          const ProgressReport& progress, const ModelConfig& config,
                          Tokenizer& tokenizer, Dataset& train, std::vector<Dataset>& dev,
                          std::vector<SplitFiles>& splits) {
  SourceReading reading;
  reading.width = config.input_width;
  reading.height = config.input_height;
  reading.threads =
      options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
  reading.needs_dev = std::all_of(options.sources.begin(), options.sources.end(),
                                  [](const DataSource& source) { return source.dev_list.empty(); });
  reading.tokenizer = &tokenizer;
  for (size_t i = 0; i < options.sources.size(); ++i) {
    reading.store = options.work + "/pictures-" + std::to_string(i);
    auto sets = read_source(options.sources[i], reading, read, progress);
    if (!sets.ok())
      return sets.error();
    append(std::move(sets.value().train), train);
    if (!sets.value().dev.ids.empty())
      dev.push_back(std::move(sets.value().dev));
    splits.push_back(std::move(sets.value().split));
  }
  if (train.ids.empty() || dev.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "There are no pictures to learn from, or none to measure with; name at least one "
                 "folder with captions"};
  }
  return {};
}

std::string of_backbone(const std::string& backbone) {
  return "The model that would be made with --backbone " + backbone;
}

// Nobody checks the description of a backbone but those who open the bundle at the end.
Result<void> check_config(const ModelConfig& config, const std::string& backbone) {
  const auto parsed = parse_config(format_config(config), of_backbone(backbone));
  if (parsed.ok())
    return {};
  return Error{ErrorKind::InvalidArgument, parsed.error().message};
}

}  // namespace

Result<Material> load_material(const TrainOptions& options, const PictureReader& read,
                               const ProgressReport& progress) {
  ModelConfig config;
  config.name = options.name;
  config.licence = options.licence;
  config.training_data = options.training_data;
  config.language = options.language;
  config.precisions = {"fp32"};
  config.quality_json = "{}";
  config.decoder = {options.feature_size, options.attention_size, options.embedding_size,
                    options.hidden_size};
  auto described = read_backbone_description(options.backbone, config);
  if (!described.ok())
    return described.error();

  auto tokenizer = make_tokenizer(options.language);
  if (!tokenizer.ok())
    return tokenizer.error();
  auto allowed = check_config(config, options.backbone);
  if (!allowed.ok())
    return allowed.error();
  auto sentences = read_sentences(options.sentences, options.max_words, *tokenizer.value());
  if (!sentences.ok())
    return sentences.error();
  Dataset train;
  std::vector<Dataset> dev;
  std::vector<SplitFiles> splits;
  auto loaded =
      load_sources(options, read, progress, config, *tokenizer.value(), train, dev, splits);
  if (!loaded.ok())
    return loaded.error();
  const auto known = known_words(options.start);
  if (!known.ok())
    return known.error();
  auto vocabulary = build_vocabulary(train, sentences.value(), options,
                                     known.value() ? &*known.value() : nullptr);
  std::vector<int> tag_words;
  // The things that tags can be have English names.
  if (options.tag_cells > 0 && primary_language(options.language) == "en")
    tag_words = TagNouns(vocabulary).words();
  if (tag_words.size() < static_cast<size_t>(options.tag_cells))
    tag_words.clear();  // too few things are named to tell them apart
  if (!tag_words.empty())
    config.tags = {static_cast<int>(tag_words.size()), options.tag_cells};
  allowed = check_cost(config, vocabulary.size(), of_backbone(options.backbone));
  if (!allowed.ok())
    return Error{ErrorKind::InvalidArgument, allowed.error().message};
  return Material{std::move(config), std::move(vocabulary),        std::move(train),
                  std::move(dev),    std::move(sentences.value()), std::move(tag_words),
                  std::move(splits)};
}

}  // namespace jetsoncaption
