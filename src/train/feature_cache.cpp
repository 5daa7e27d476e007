// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes features in batches and keeps them in a mapped file.
#include "train/feature_cache.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <torch/torch.h>

#include "model/bundle.h"

#include <sys/mman.h>

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

torch::Tensor view_of(const torch::Tensor& pictures, int view, const Variation& variation) {
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

torch::Tensor cached_features(const std::string& path, const std::string& key,
                              const Encoder& encoder, const ModelConfig& config,
                              const torch::Tensor& pictures, int views, const Variation& variation,
                              const ProgressReport& progress) {
  const int64_t count = pictures.size(0);
  const int64_t cells = config.grid_width() * config.grid_height();
  const int64_t channels = config.encoder.head_channels;
  const std::string key_path = path + ".key";
  const bool ready = read_text(key_path) == key;
  if (!ready)
    std::remove(path.c_str());

  auto features = torch::from_file(path, true, views * count * cells * channels,
                                   torch::TensorOptions().dtype(torch::kFloat16))
                      .view({views, count, cells, channels});
  if (ready)
    return features;
  for (int view = 0; view < views; ++view) {
    for (int64_t i = 0; i < count; i += kBatch) {
      const int64_t size = std::min(kBatch, count - i);
      const auto batch = view_of(pictures.narrow(0, i, size), view, variation);
      features[view].narrow(0, i, size).copy_(encode_pictures(encoder, config, batch));
      progress("features", static_cast<int>(view * count + i + size),
               static_cast<int>(views * count));
    }
  }
  // A power cut must not leave the key to features that never reached the disk.
  if (msync(features.data_ptr(), features.nbytes(), MS_SYNC) != 0 ||
      !write_text_file(key_path, key).ok())
    throw std::runtime_error(path + " or its key cannot be written; is the disk full?");
  return features;
}

}  // namespace jetsoncaption
