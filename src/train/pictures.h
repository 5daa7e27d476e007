// SPDX-License-Identifier: LGPL-2.1-or-later
// The pictures of a data set as tensors, read from shards when they are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "base/result.h"
#include "train/shard_store.h"

namespace jetsoncaption {

class Pictures {
 public:
  Pictures() = default;
  // Of the records in the store, as check_pictures() writes them.
  Pictures(std::shared_ptr<const ShardStore> store, const std::vector<size_t>& records, int width,
           int height);

  void append(const Pictures& more);

  int64_t size() const { return static_cast<int64_t>(places_.size()); }
  // uint8 [B, 3, height, width]. Throw std::runtime_error when the disk fails.
  torch::Tensor select(const torch::Tensor& indices) const;  // int64 [B]
  torch::Tensor range(int64_t first, int64_t count) const;
  // Equal for equal pictures in the same order.
  uint64_t content_hash() const;

 private:
  struct Place {
    std::shared_ptr<const ShardStore> store;
    size_t record;
  };

  template <typename IndexOf>
  torch::Tensor read(int64_t count, IndexOf&& index_of) const;

  std::vector<Place> places_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace jetsoncaption
