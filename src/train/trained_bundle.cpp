// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the weights of a bundle to train them on, and writes the bundle that training made.
#include "train/trained_bundle.h"

#include <torch/torch.h>

#include "base/text.h"
#include "bundle/bundle.h"
#include "torch/weights.h"
#include "train/parameters.h"
#include "train/preparation.h"

#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

bool is_by_word(const std::string& name) {
  return name == "decoder.embedding.weight" || name == "decoder.word.bias";
}

// Row after row of the words that both vocabularies have.
void copy_words(const Vocabulary& old_words, const torch::Tensor& old_rows, const Vocabulary& words,
                torch::Tensor& rows) {
  for (int word = 0; word < words.size(); ++word) {
    const int old_word = old_words.find(words.word(word));
    if (old_word >= 0)
      rows[word].copy_(old_rows[old_word]);
  }
}

// Whether all tensors whose names begin so have the same shapes in both.
bool same_shapes(const NamedTensors& a, const NamedTensors& b, const std::string& start) {
  for (const auto& [name, tensor] : b) {
    if (!starts_with(name, start))
      continue;
    const auto found = a.find(name);
    if (found == a.end() || found->second.sizes() != tensor.sizes())
      return false;
  }
  return true;
}

bool same_nouns(const Bundle& bundle, const Material& material) {
  return format_tags(bundle.tag_words, bundle.vocabulary) ==
         format_tags(material.tag_words, material.vocabulary);
}

}  // namespace

Result<Start> load_start(const std::string& directory, const Material& material,
                         NamedTensors& parameters) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  const Bundle& bundle = opened.value();
  const torch::NoGradGuard no_gradients;
  const NamedTensors stored = fp32_tensors(bundle.weights);
  Start start;
  start.has_encoder = same_shapes(stored, parameters, "encoder.");
  start.has_tags = start.has_encoder && same_nouns(bundle, material);
  for (auto& [name, tensor] : parameters) {
    const auto found = stored.find(name);
    const bool wanted = starts_with(name, "encoder.") ? start.has_encoder
                        : starts_with(name, "tags.")  ? start.has_tags
                                                      : found != stored.end();
    if (!wanted)
      continue;
    if (is_by_word(name)) {
      copy_words(bundle.vocabulary, found->second, material.vocabulary, tensor);
      continue;
    }
    if (found->second.sizes() != tensor.sizes()) {
      if (name == "decoder.feature.weight")
        continue;  // of an encoder with another number of channels
      return Error{ErrorKind::InvalidArgument, "The model in " + directory +
                                                   " has a decoder of other sizes (" + name +
                                                   "); choose the same sizes, or start without it"};
    }
    tensor.copy_(found->second);
  }
  return start;
}

Result<void> take_options_over(const std::string& directory, TrainOptions& options) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  const ModelConfig& config = opened.value().config;
  options.feature_size = config.decoder.feature_size;
  options.attention_size = config.decoder.attention_size;
  options.embedding_size = config.decoder.embedding_size;
  options.hidden_size = config.decoder.hidden_size;
  options.language = config.language;
  if (options.backbone.empty())
    options.backbone = directory;
  return {};
}

Result<void> take_features_over(const std::string& directory, const Material& material,
                                NamedTensors& parameters, const ProgressReport& progress) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  fit_features(material, fp32_tensors(opened.value().weights), opened.value().config, parameters,
               progress);
  return {};
}

ModelConfig config_of_new_weights(ModelConfig config) {
  config.precisions = {"fp32"};
  config.self_test.clear();
  config.confidence = {};
  config.quality_json = "{}";
  return config;
}

Result<void> write_bundle(const std::string& directory, const ModelConfig& config,
                          const Vocabulary& vocabulary, const std::vector<int>& tag_words,
                          const NamedTensors& parameters) {
  auto saved = save_tensors(directory + "/" + weight_file_name(WeightFile::Master), parameters);
  if (saved.ok())
    saved = write_text_file(directory + "/vocabulary.txt", vocabulary.to_text());
  if (saved.ok() && config.tags.classes > 0)
    saved = write_text_file(directory + "/tags.txt", format_tags(tag_words, vocabulary));
  if (saved.ok())
    saved = write_text_file(directory + "/config.json", format_config(config));
  // Of a model that was there before.
  if (saved.ok() && config.precisions == std::vector<std::string>{"fp32"})
    unlink((directory + "/" + weight_file_name(WeightFile::Int8)).c_str());
  if (!saved.ok())
    return saved;
  const auto opened = open_bundle(directory, WeightFile::Master);
  if (opened.ok())
    return {};
  return Error{ErrorKind::Internal,
               "The bundle in " + directory +
                   " is written, but cannot be opened: " + opened.error().message};
}

Result<void> write_bundle(const std::string& directory, const Material& material,
                          const NamedTensors& parameters) {
  mkdir(directory.c_str(), 0777);
  return write_bundle(directory, material.config, material.vocabulary, material.tag_words,
                      parameters);
}

}  // namespace jetsoncaption
