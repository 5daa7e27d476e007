// SPDX-License-Identifier: LGPL-2.1-or-later
// Cuts tensors, then corrects them.
#include "train/smaller_network.h"

#include <torch/torch.h>

#include "train/correction.h"
#include "train/kept_entries.h"

namespace jetsoncaption {

NamedTensors smaller_network(const ModelConfig& config, const NamedTensors& full,
                             const KeptChannels& kept, const DescribedPictures& described,
                             const ProgressReport& progress) {
  const torch::NoGradGuard no_gradients;
  const KeptEntries entries(config, full, kept);
  NamedTensors tensors;
  for (const auto& [name, tensor] : full)
    tensors[name] = entries.cut(name, tensor);
  const Cut cut{config, full, entries, with_sizes(config, sizes_of(kept)), tensors};
  correct_encoder(cut, described, progress);
  correct_decoder(cut, described, progress);
  return tensors;
}

}  // namespace jetsoncaption
