// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes features in batches and reads them in any order. A record is one view of one picture.
#include "train/feature_store.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;

torch::Tensor view_of(const torch::Tensor& pictures, int64_t view, const Variation& variation) {
  if (view == 0)
    return pictures;
  if (view == 1)
    return pictures.flip({-1});
  return vary_pictures(pictures, variation);
}

}  // namespace

torch::Tensor encode_pictures(const Encoder& encoder, const ModelConfig& config,
                              const torch::Tensor& pictures) {
  const torch::NoGradGuard no_gradients;
  std::vector<torch::Tensor> features;
  for (const auto& batch : pictures.split(kBatch)) {
    features.push_back(encoder.forward(
        normalize_pictures(batch, config).contiguous(torch::MemoryFormat::ChannelsLast)));
  }
  return torch::cat(features);
}

torch::Tensor encode_pictures(const Encoder& encoder, const ModelConfig& config,
                              const Pictures& pictures) {
  torch::Tensor features;  // of all at once, for joining them would take as much again
  for (int64_t i = 0; i < pictures.size(); i += kBatch) {
    const int64_t size = std::min(kBatch, pictures.size() - i);
    const auto batch = encode_pictures(encoder, config, pictures.range(i, size));
    if (!features.defined())
      features = torch::empty({pictures.size(), batch.size(1), batch.size(2)});
    features.narrow(0, i, size).copy_(batch);
  }
  return features;
}

FeatureStore::FeatureStore(std::unique_ptr<ShardStore> store, int64_t views, int64_t cells,
                           int64_t channels)
    : store_(std::move(store)), views_(views), cells_(cells), channels_(channels) {}

Result<std::unique_ptr<FeatureStore>> FeatureStore::make(
    const std::string& path, const std::string& key, const Encoder& encoder,
    const ModelConfig& config, const Pictures& pictures, int views, const Variation& variation,
    const ProgressReport& progress) {
  const int64_t cells = config.grid_width() * config.grid_height();
  const int64_t channels = config.encoder.head_channels;
  ShardPlan plan;
  plan.path = path;
  plan.key = key;
  plan.record_bytes = static_cast<size_t>(cells * channels) * sizeof(at::Half);
  plan.records = static_cast<size_t>(views * pictures.size());
  if (auto store = ShardStore::open(plan)) {
    return std::unique_ptr<FeatureStore>(
        new FeatureStore(std::move(store), views, cells, channels));
  }
  std::remove(path.c_str());  // earlier versions kept all features in one file
  auto created = ShardStore::create(plan);
  if (!created.ok())
    return created.error();
  std::unique_ptr<FeatureStore> features(
      new FeatureStore(std::move(created.value()), views, cells, channels));
  auto computed = features->compute(encoder, config, pictures, variation, progress);
  if (!computed.ok())
    return computed.error();
  return Result<std::unique_ptr<FeatureStore>>(std::move(features));
}

Result<void> FeatureStore::compute(const Encoder& encoder, const ModelConfig& config,
                                   const Pictures& pictures, const Variation& variation,
                                   const ProgressReport& progress) {
  const int64_t count = pictures.size();
  for (int64_t view = 0; view < views_; ++view) {
    for (int64_t i = 0; i < count; i += kBatch) {
      const int64_t size = std::min(kBatch, count - i);
      const auto batch = view_of(pictures.range(i, size), view, variation);
      const auto features =
          encode_pictures(encoder, config, batch).to(torch::kFloat16).contiguous();
      for (int64_t k = 0; k < size; ++k) {
        auto written =
            store_->write(static_cast<size_t>(view * count + i + k), features[k].data_ptr());
        if (!written.ok())
          return written;
      }
      progress("features", static_cast<int>(view * count + i + size),
               static_cast<int>(views_ * count));
    }
  }
  return store_->finish();
}

torch::Tensor FeatureStore::select(const torch::Tensor& views, const torch::Tensor& indices) const {
  const int64_t count = indices.numel();
  const auto pictures = static_cast<int64_t>(store_->plan().records) / views_;
  auto features = torch::empty({count, cells_, channels_}, torch::kFloat16);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t record = views[i].item<int64_t>() * pictures + indices[i].item<int64_t>();
    auto done = store_->read(static_cast<size_t>(record), features[i].data_ptr());
    if (!done.ok())
      throw std::runtime_error(done.error().message);
  }
  return features.to(torch::kFloat32);
}

}  // namespace jetsoncaption
