// SPDX-License-Identifier: LGPL-2.1-or-later
// Marks entries and selects them.
#include "train/kept_entries.h"

#include <algorithm>

#include <torch/torch.h>

#include "train/widths.h"

namespace jetsoncaption {

KeptEntries::KeptEntries(const ModelConfig& config, const NamedTensors& tensors,
                         const KeptChannels& kept) {
  for (const auto& [name, tensor] : tensors) {
    for (const int64_t size : tensor.sizes())
      stays_[name].emplace_back(static_cast<size_t>(size), 1);
  }
  const std::vector<Width> widths = widths_of(config);
  for (size_t w = 0; w < widths.size(); ++w) {
    std::vector<char> channel_stays(static_cast<size_t>(widths[w].size), 0);
    for (const int channel : kept[w])
      channel_stays[static_cast<size_t>(channel)] = 1;
    for (const WidthSlice& slice : widths[w].slices) {
      auto& axis = stays_.at(slice.tensor)[static_cast<size_t>(slice.axis)];
      std::copy(channel_stays.begin(), channel_stays.end(), axis.begin() + slice.offset);
    }
  }
}

torch::Tensor KeptEntries::along(const std::string& tensor, int axis) const {
  const auto& stays = stays_.at(tensor)[static_cast<size_t>(axis)];
  std::vector<int64_t> entries;
  for (size_t i = 0; i < stays.size(); ++i) {
    if (stays[i])
      entries.push_back(static_cast<int64_t>(i));
  }
  return torch::tensor(entries, torch::kInt64);
}

bool KeptEntries::are_fewer(const std::string& tensor, int axis) const {
  const auto& stays = stays_.at(tensor)[static_cast<size_t>(axis)];
  return std::find(stays.begin(), stays.end(), 0) != stays.end();
}

torch::Tensor KeptEntries::cut(const std::string& name, const torch::Tensor& tensor) const {
  auto result = tensor;
  for (int axis = 0; axis < tensor.dim(); ++axis) {
    if (are_fewer(name, axis))
      result = result.index_select(axis, along(name, axis));
  }
  return result.is_same(tensor) ? tensor.clone() : result.contiguous();
}

}  // namespace jetsoncaption
