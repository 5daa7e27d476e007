// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads one folder of pictures with its captions: what can be used becomes data sets, all else is
// named in warnings.
#pragma once

#include <string>

#include "base/result.h"
#include "text/language.h"
#include "train/data_check.h"
#include "train/dataset.h"
#include "train/options.h"
#include "train/split_files.h"

namespace jetsoncaption {

struct SourceReading {
  int width = 0;  // of the network's input
  int height = 0;
  int threads = 1;
  std::string store;      // path of the shards with the pictures: "work/pictures-0"
  bool needs_dev = true;  // false: a source with a list of training pictures alone is learnt from
  Tokenizer* tokenizer = nullptr;
};

struct SourceSets {
  Dataset train;     // in the order of the list, or of the captions
  Dataset dev;       // may be empty if it is not needed
  SplitFiles split;  // what the source has no list of
};

// Captions in any format of caption_formats.h, split as in caption_split.h. Bad lines, pictures
// without a sentence and pictures that cannot be read are left out. NotFound, InvalidArgument with
// the first reason when nothing remains to learn from or to measure on, Internal when the disk is
// full.
Result<SourceSets> read_source(const DataSource& source, const SourceReading& reading,
                               const PictureReader& read, const ProgressReport& progress);

}  // namespace jetsoncaption
