// SPDX-License-Identifier: LGPL-2.1-or-later
// Encodes the training pictures and solves for what depends on nothing else.
#include "train/preparation.h"

#include <algorithm>

#include <torch/torch.h>

#include "train/augment.h"
#include "train/feature_store.h"
#include "train/least_squares.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kFitPictures = 640;

}  // namespace

torch::Tensor encode_all(const Material& material, const NamedTensors& parameters,
                         PictureBank* bank, const ProgressReport& progress) {
  const torch::NoGradGuard no_gradients;
  const Encoder encoder(material.config.encoder, parameters);
  const int64_t count = material.train.size();
  torch::Tensor means;
  for (int64_t i = 0; i < count; i += kBatch) {
    const int64_t size = std::min(kBatch, count - i);
    const auto features =
        encode_pictures(encoder, material.config, material.train.pictures.range(i, size));
    if (bank != nullptr)
      bank->remember(torch::arange(i, i + size, torch::kInt64), features);
    const auto windows =
        window_means(features, material.config.grid_width(), material.config.grid_height());
    if (!means.defined())
      means = torch::empty({count, windows.size(1), windows.size(2)});
    means.narrow(0, i, size).copy_(windows);
    progress("encoding pictures", static_cast<int>(i + size), static_cast<int>(count));
  }
  return means;
}

void fit_features(const Material& material, const NamedTensors& old_parameters,
                  const ModelConfig& old_config, NamedTensors& parameters,
                  const ProgressReport& progress) {
  const torch::NoGradGuard no_gradients;
  const Encoder encoder(material.config.encoder, parameters);
  const Encoder old_encoder(old_config.encoder, old_parameters);
  const int64_t count = std::min<int64_t>(material.train.size(), kFitPictures);
  const auto chosen = torch::randperm(material.train.size(), torch::kInt64).narrow(0, 0, count);
  LeastSquares fit;
  int done = 0;
  for (const auto& indices : chosen.split(kBatch)) {
    const auto pictures = material.train.pictures.select(indices);
    const auto wanted = torch::linear(encode_pictures(old_encoder, old_config, pictures),
                                      old_parameters.at("decoder.feature.weight"),
                                      old_parameters.at("decoder.feature.bias"));
    fit.add(encode_pictures(encoder, material.config, pictures).flatten(0, 1),
            wanted.flatten(0, 1));
    done += static_cast<int>(indices.size(0));
    progress("fitting features", done, static_cast<int>(count));
  }
  const auto solution = fit.solve();
  const int64_t channels = solution.size(0) - 1;
  parameters.at("decoder.feature.weight").copy_(solution.narrow(0, 0, channels).t());
  parameters.at("decoder.feature.bias").copy_(solution[channels]);
}

}  // namespace jetsoncaption
