// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrects the layers behind channels that were taken away, so that they give what they gave.
#pragma once

#include "bundle/config.h"
#include "torch/network.h"
#include "train/data_check.h"
#include "train/described_pictures.h"
#include "train/kept_entries.h"

namespace jetsoncaption {

// A network before and after; all is borrowed.
struct Cut {
  const ModelConfig& full_config;
  const NamedTensors& full;
  const KeptEntries& entries;
  const ModelConfig& config;
  NamedTensors& tensors;  // what is left of `full`: corrected in place
};

// The 1x1 convolutions of the encoder and what reads its features, in their order, each with the
// inputs that those before it make by then. A depthwise layer has no other channels to make up for
// one of its own.
void correct_encoder(const Cut& cut, const DescribedPictures& described,
                     const ProgressReport& progress);

// The layers of the decoder that lost inputs, with the inputs of the full network.
void correct_decoder(const Cut& cut, const DescribedPictures& described,
                     const ProgressReport& progress);

}  // namespace jetsoncaption
