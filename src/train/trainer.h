// SPDX-License-Identifier: LGPL-2.1-or-later
// Trains a captioner in three stages and writes a model bundle.
//
//   decoder  the decoder alone, on cached features of the frozen encoder
//   joint    the decoder and the later blocks of the encoder, on varied pictures
//   reward   the decoder, and if asked for the encoder too, rewarded with CIDEr-D for whole
//            sentences: self-critical sequence training (Rennie et al. 2017, section 3), the
//            baseline of a sample being the mean of the other samples of its picture (Luo 2020,
//            "A Better Variant of SCST")
//
// Some thousand pictures are soon known by heart: what helps against that is to hide a share of the
// encoder's values from the decoder (Srivastava et al. 2014, "Dropout", section 4), decay of the
// weights (Loshchilov and Hutter 2019), and to leave the first blocks of the encoder alone.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "train/data_check.h"
#include "train/options.h"

namespace jetsoncaption {

// What a training says while it runs.
struct TrainReports {
  ProgressReport progress;
  std::function<void(const std::string& json)> epoch_done;    // one object an epoch
  std::function<void(const std::string& sentence)> notice{};  // how much there is to do, and so on
};

// Takes hours. The objects of the epochs go to work/log.jsonl too, which a run that does not resume
// begins anew. What cannot be used of the data is left out with a warning (base/log.h). `read` is
// called on several threads. NotFound, InvalidArgument, CorruptModel, Internal.
Result<void> train(const TrainOptions& options, const PictureReader& read,
                   const TrainReports& reports);

}  // namespace jetsoncaption
