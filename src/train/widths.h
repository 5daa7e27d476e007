// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of channels that a smaller model may have less of, and what has to be cut with each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bundle/config.h"
#include "bundle/model_cost.h"

namespace jetsoncaption {

// A part of a tensor that has an entry for each channel: those from `offset` on along `axis`.
struct WidthSlice {
  std::string tensor;
  int axis = 0;
  int offset = 0;
  bool reads = false;  // it multiplies the channels; else it makes them
};

// Channels that can only be taken away together: those of layers that are added to each other, or
// that work on each channel alone, are one width.
struct Width {
  std::string name;  // as in config.json: "blocks[3].hidden_channels"
  int size = 0;
  std::vector<WidthSlice> slices;
};

// All of a model, in the order of its layers, the decoder's last.
std::vector<Width> widths_of(const ModelConfig& config);

// The same model with other sizes, in the order of widths_of().
ModelConfig with_sizes(const ModelConfig& config, const std::vector<int>& sizes);

// False where blocks of `changed` are of another kind than those of `config`: one whose expansion
// has as many channels as its input would be taken for one without.
bool have_same_layers(const ModelConfig& config, const ModelConfig& changed);

}  // namespace jetsoncaption
