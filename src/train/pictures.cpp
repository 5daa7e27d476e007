// SPDX-License-Identifier: LGPL-2.1-or-later
// Gathers batches of pictures from records.
#include "train/pictures.h"

#include <stdexcept>

#include <torch/torch.h>

namespace jetsoncaption {

Pictures::Pictures(std::shared_ptr<const ShardStore> store, const std::vector<size_t>& records,
                   int width, int height)
    : width_(width), height_(height) {
  for (const size_t record : records)
    places_.push_back({store, record});
}

void Pictures::append(const Pictures& more) {
  if (places_.empty()) {
    *this = more;
    return;
  }
  TORCH_CHECK(more.places_.empty() || (more.width_ == width_ && more.height_ == height_),
              "pictures of two sizes in one data set");
  places_.insert(places_.end(), more.places_.begin(), more.places_.end());
}

template <typename IndexOf>
torch::Tensor Pictures::read(int64_t count, IndexOf&& index_of) const {
  auto pictures = torch::empty({count, 3, height_, width_}, torch::kUInt8);
  const auto bytes =
      static_cast<size_t>(3) * static_cast<size_t>(height_) * static_cast<size_t>(width_);
  for (int64_t i = 0; i < count; ++i) {
    const Place& place = places_.at(static_cast<size_t>(index_of(i)));
    auto done = place.store->read(place.record,
                                  pictures.data_ptr<uint8_t>() + static_cast<size_t>(i) * bytes);
    if (!done.ok())
      throw std::runtime_error(done.error().message);
  }
  return pictures;
}

torch::Tensor Pictures::select(const torch::Tensor& indices) const {
  const auto wanted = indices.contiguous();
  return read(wanted.numel(), [&](int64_t i) { return wanted.data_ptr<int64_t>()[i]; });
}

torch::Tensor Pictures::range(int64_t first, int64_t count) const {
  return read(count, [&](int64_t i) { return first + i; });
}

uint64_t Pictures::content_hash() const {
  uint64_t hash = 0;
  for (const Place& place : places_)
    hash = 31 * hash + place.store->checksum(place.record);
  return hash;
}

}  // namespace jetsoncaption
