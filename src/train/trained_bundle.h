// SPDX-License-Identifier: LGPL-2.1-or-later
// Bundles before and after training: the weights to go on from, and the result.
#pragma once

#include <string>

#include "base/result.h"
#include "torch/network.h"
#include "train/dataset.h"
#include "train/material.h"

namespace jetsoncaption {

// What a bundle had to give.
struct Start {
  bool has_encoder = false;  // its encoder has the sizes of this one
  bool has_tags = false;     // and its tags are the same nouns
};

// Overwrites `parameters` with the weights of a bundle. Words that both know keep their vectors;
// new ones stay as they were drawn. InvalidArgument when the decoder has other sizes; NotFound,
// CorruptModel.
Result<Start> load_start(const std::string& directory, const Material& material,
                         NamedTensors& parameters);

// What training on from a bundle takes over from it unless something else was chosen: the sizes of
// its decoder, its language, and its encoder as backbone. NotFound, CorruptModel.
Result<void> take_options_over(const std::string& directory, TrainOptions& options);

// For a bundle whose encoder is another: fits the decoder to the new one (fit_features()).
Result<void> take_features_over(const std::string& directory, const Material& material,
                                NamedTensors& parameters, const ProgressReport& progress);

// Of a bundle whose weights are made of another's: without what was found out about those.
ModelConfig config_of_new_weights(ModelConfig config);

// Writes the files of a bundle with these master weights into the directory, and opens it. Internal
// when the disk refuses, or when it cannot be opened. That of what was trained on makes the
// directory if it is missing.
Result<void> write_bundle(const std::string& directory, const ModelConfig& config,
                          const Vocabulary& vocabulary, const std::vector<int>& tag_words,
                          const NamedTensors& parameters);
Result<void> write_bundle(const std::string& directory, const Material& material,
                          const NamedTensors& parameters);

}  // namespace jetsoncaption
