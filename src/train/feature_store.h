// SPDX-License-Identifier: LGPL-2.1-or-later
// Encoder features of a data set on disk, so that the decoder can be trained without the encoder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/types.h>

#include "base/result.h"
#include "bundle/config.h"
#include "torch/network.h"
#include "train/augment.h"
#include "train/data_check.h"
#include "train/pictures.h"
#include "train/shard_store.h"

namespace jetsoncaption {

class FeatureStore {
 public:
  // Features of every picture as it is (view 0), mirrored (view 1) and varied (further views), as
  // float16 in shards at `path`. Computed when they are missing or belong to another key, which
  // names everything they depend on. Internal: the disk is full.
  static Result<std::unique_ptr<FeatureStore>> make(const std::string& path, const std::string& key,
                                                    const Encoder& encoder,
                                                    const ModelConfig& config,
                                                    const Pictures& pictures, int views,
                                                    const Variation& variation,
                                                    const ProgressReport& progress);

  int64_t views() const { return views_; }
  // Of the pictures at `indices` [B], each in the view at the same place of `views` [B]: float32
  // [B, P, C]. Throws std::runtime_error when the disk fails.
  torch::Tensor select(const torch::Tensor& views, const torch::Tensor& indices) const;

 private:
  FeatureStore(std::unique_ptr<ShardStore> store, int64_t views, int64_t cells, int64_t channels);
  Result<void> compute(const Encoder& encoder, const ModelConfig& config, const Pictures& pictures,
                       const Variation& variation, const ProgressReport& progress);

  const std::unique_ptr<ShardStore> store_;
  const int64_t views_;
  const int64_t cells_;
  const int64_t channels_;
};

// Features of plain pictures: float32 [B, P, C].
torch::Tensor encode_pictures(const Encoder& encoder, const ModelConfig& config,
                              const torch::Tensor& pictures);
torch::Tensor encode_pictures(const Encoder& encoder, const ModelConfig& config,
                              const Pictures& pictures);

}  // namespace jetsoncaption
