// SPDX-License-Identifier: LGPL-2.1-or-later
// What training works with and does not change: pictures, sentences, words, and the network's plan.
#pragma once

#include "base/result.h"
#include "model/config.h"
#include "text/vocabulary.h"
#include "train/dataset.h"
#include "train/options.h"

namespace jetsoncaption {

struct Material {
  ModelConfig config;
  Vocabulary vocabulary;  // of the training sentences
  Dataset train;
  Dataset dev;
};

// Reads the backbone's description and both lists of pictures. NotFound, InvalidArgument.
Result<Material> load_material(const TrainOptions& options, const PictureReader& read,
                               const ProgressReport& progress);

}  // namespace jetsoncaption
