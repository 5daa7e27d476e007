// SPDX-License-Identifier: LGPL-2.1-or-later
// What of the tensors of a network is left when channels are taken away.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "bundle/config.h"
#include "torch/network.h"
#include "train/pruning_plan.h"

namespace jetsoncaption {

// Which entries of the tensors of a network belong to channels that stay.
class KeptEntries {
 public:
  // `kept` for the widths of `config`.
  KeptEntries(const ModelConfig& config, const NamedTensors& tensors, const KeptChannels& kept);

  // int64, ascending: the entries along an axis of a tensor.
  torch::Tensor along(const std::string& tensor, int axis) const;
  // Whether some are taken away there.
  bool are_fewer(const std::string& tensor, int axis) const;
  // The tensor without those that are taken away.
  torch::Tensor cut(const std::string& name, const torch::Tensor& tensor) const;

 private:
  std::map<std::string, std::vector<std::vector<char>>> stays_;  // by axis
};

}  // namespace jetsoncaption
