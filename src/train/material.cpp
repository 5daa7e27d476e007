// SPDX-License-Identifier: LGPL-2.1-or-later
// Collects what training works with.
#include "train/material.h"

#include <utility>
#include <vector>

#include "train/parameters.h"

namespace jetsoncaption {
namespace {

Vocabulary build_vocabulary(const Dataset& train, int min_count) {
  std::vector<Words> sentences;
  for (const auto& references : train.references)
    sentences.insert(sentences.end(), references.begin(), references.end());
  return Vocabulary::build(sentences, min_count);
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

  auto train = load_dataset(options.images, options.captions, options.train_list,
                            config.input_width, config.input_height, read, progress);
  if (!train.ok())
    return train.error();
  auto dev = load_dataset(options.images, options.captions, options.dev_list, config.input_width,
                          config.input_height, read, progress);
  if (!dev.ok())
    return dev.error();
  auto vocabulary = build_vocabulary(train.value(), options.min_count);
  return Material{std::move(config), std::move(vocabulary), std::move(train.value()),
                  std::move(dev.value())};
}

}  // namespace jetsoncaption
