// SPDX-License-Identifier: LGPL-2.1-or-later
// What training works with and does not change: pictures, sentences, words, and the network's plan.
#pragma once

#include <vector>

#include "base/result.h"
#include "bundle/config.h"
#include "text/vocabulary.h"
#include "train/data_check.h"
#include "train/dataset.h"
#include "train/options.h"
#include "train/split_files.h"

namespace jetsoncaption {

struct Material {
  ModelConfig config;
  Vocabulary vocabulary;         // of the training sentences and of those without pictures
  Dataset train;                 // of all sources
  std::vector<Dataset> dev;      // of each source that has one
  std::vector<Words> sentences;  // without pictures
  std::vector<int> tag_words;    // the word of each class of the tags; empty: a model without tags
  std::vector<SplitFiles> splits;  // of each source, for the work folder

  // Whether sentences without pictures are learnt: for them the features of pictures are kept.
  bool learns_sentences(const TrainOptions& options) const {
    return !sentences.empty() && options.text_batch > 0;
  }
};

// Reads the backbone's description, the captions, the pictures (into options.work), and the
// sentences. NotFound, InvalidArgument, Internal when the disk is full.
Result<Material> load_material(const TrainOptions& options, const PictureReader& read,
                               const ProgressReport& progress);

}  // namespace jetsoncaption
