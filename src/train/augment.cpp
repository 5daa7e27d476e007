// SPDX-License-Identifier: LGPL-2.1-or-later
// Mirrors, crops and recolours training pictures.
#include "train/augment.h"

#include <algorithm>
#include <vector>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

double uniform(double low, double high) {
  return low + (high - low) * torch::rand({1}).item<double>();
}

torch::Tensor scale(const torch::Tensor& picture, int64_t height, int64_t width) {
  namespace functional = torch::nn::functional;
  return functional::interpolate(picture.unsqueeze(0),
                                 functional::InterpolateFuncOptions()
                                     .size(std::vector<int64_t>{height, width})
                                     .mode(torch::kBilinear)
                                     .align_corners(false))[0];
}

torch::Tensor crop(const torch::Tensor& picture, double smallest_crop) {
  const int64_t height = picture.size(-2);
  const int64_t width = picture.size(-1);
  const auto crop_height = static_cast<int64_t>(height * uniform(smallest_crop, 1.0));
  const auto crop_width = static_cast<int64_t>(width * uniform(smallest_crop, 1.0));
  const auto top = static_cast<int64_t>(uniform(0, static_cast<double>(height - crop_height)));
  const auto left = static_cast<int64_t>(uniform(0, static_cast<double>(width - crop_width)));
  return scale(picture.narrow(-2, top, crop_height).narrow(-1, left, crop_width), height, width);
}

torch::Tensor blur(const torch::Tensor& picture, double smallest_scale) {
  const double share = uniform(smallest_scale, 1.0);
  const auto height = static_cast<int64_t>(static_cast<double>(picture.size(-2)) * share);
  const auto width = static_cast<int64_t>(static_cast<double>(picture.size(-1)) * share);
  const auto small = scale(picture, std::max<int64_t>(height, 1), std::max<int64_t>(width, 1));
  return scale(small, picture.size(-2), picture.size(-1));
}

torch::Tensor recolour(const torch::Tensor& picture, double jitter) {
  const double brightness = uniform(1 - jitter, 1 + jitter);
  const double contrast = uniform(1 - jitter, 1 + jitter);
  const double saturation = uniform(1 - jitter, 1 + jitter);
  const auto grey = picture.mean(0, true);
  const auto mean = grey.mean();
  return (grey + saturation * (picture - grey) - mean) * contrast + mean * brightness;
}

}  // namespace

torch::Tensor normalize_pictures(const torch::Tensor& pictures, const ModelConfig& config) {
  const auto channels = [](const std::array<float, 3>& values) {
    return torch::tensor({values[0], values[1], values[2]}).view({1, 3, 1, 1});
  };
  return (pictures.to(torch::kFloat32) - channels(config.input_mean)) *
         channels(config.input_scale);
}

torch::Tensor vary_pictures(const torch::Tensor& pictures, const Variation& variation) {
  std::vector<torch::Tensor> varied;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    auto picture = pictures[i].to(torch::kFloat32);
    if (uniform(0, 1) < variation.mirror_probability)
      picture = picture.flip({-1});
    if (variation.smallest_crop < 1)
      picture = crop(picture, variation.smallest_crop);
    if (uniform(0, 1) < variation.blur_probability)
      picture = blur(picture, variation.smallest_scale);
    if (variation.colour_jitter > 0)
      picture = recolour(picture, variation.colour_jitter);
    varied.push_back(picture.clamp_(0, 255).round_().to(torch::kUInt8));
  }
  return torch::stack(varied);
}

}  // namespace jetsoncaption
