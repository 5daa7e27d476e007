// SPDX-License-Identifier: LGPL-2.1-or-later
// Rounds weights to int8, which needs the range of activations, or to fp16.
#include "train/quantize.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <torch/torch.h>

#include "base/text.h"
#include "bundle/bundle.h"
#include "image/preprocess.h"
#include "image/shrinker.h"
#include "torch/network.h"
#include "torch/torch_runtime.h"
#include "torch/weights.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kSamplesPerPicture = 2048;  // of each layer's output
constexpr float kRelu6 = 6.0F;

// The ranges that are tried, as shares of the largest absolute value: a few outliers may saturate
// when all other values gain by a finer step.
constexpr std::array<double, 12> kRangeShares{1.0, 0.97, 0.94, 0.91, 0.88, 0.85,
                                              0.8, 0.75, 0.7,  0.6,  0.5,  0.4};

// For each row of values [R, N] the step for which rounding to [lowest, highest] steps has the
// smallest squared error: [R].
torch::Tensor best_steps(const torch::Tensor& values, float lowest, float highest) {
  const auto largest = std::get<0>(values.abs().max(1)).clamp_min(1e-8);
  auto best_error = torch::full_like(largest, 1e30);
  auto best = largest / highest;
  for (const double share : kRangeShares) {
    const auto step = largest * share / highest;
    const auto rounded =
        (values / step.unsqueeze(1)).round_().clamp_(lowest, highest).mul_(step.unsqueeze(1));
    const auto error = (rounded - values).square().sum(1);
    best = torch::where(error < best_error, step, best);
    best_error = torch::minimum(error, best_error);
  }
  return best;
}

// int8 values and a scale for each row; shape [out, ...].
void quantize_weight(const std::string& name, const torch::Tensor& weight, NamedTensors& result) {
  const auto rows = weight.flatten(1);
  const auto scales = best_steps(rows, -127, 127);
  result[name] = (rows / scales.unsqueeze(1))
                     .round_()
                     .clamp_(-127, 127)
                     .to(torch::kInt8)
                     .view(weight.sizes())
                     .contiguous();
  result[name + "_scale"] = scales.contiguous();
}

// Collects values of each layer's output while pictures pass through the encoder.
class Calibration {
 public:
  void observe(const std::string& layer, const torch::Tensor& output) {
    const auto values = output.flatten();
    const auto chosen = torch::randint(
        values.numel(), {std::min(kSamplesPerPicture, values.numel())}, torch::kInt64);
    samples_[layer].push_back(values.index_select(0, chosen));
  }

  // Projections are signed, all other layers end with ReLU6.
  void add_steps(NamedTensors& result) const {
    for (const auto& [layer, samples] : samples_) {
      const bool is_signed = ends_with(layer, ".project");
      const auto values = torch::cat(samples).unsqueeze(0);
      const auto step = is_signed ? best_steps(values, -127, 127)
                                  : best_steps(values, 0, 255).clamp_max(kRelu6 / 255);
      result[layer + ".output_scale"] = step.contiguous();
    }
  }

 private:
  std::map<std::string, std::vector<torch::Tensor>> samples_;
};

Result<void> calibrate(const ModelConfig& config, const NamedTensors& tensors,
                       const std::vector<std::string>& pictures, const PictureReader& read,
                       const ProgressReport& progress, NamedTensors& result) {
  const Encoder encoder(config.encoder, tensors);
  Calibration calibration;
  Shrinker shrinker;
  std::vector<uint8_t> pixels(static_cast<size_t>(config.input_width) *
                              static_cast<size_t>(config.input_height) * 3);
  auto input = torch::empty({1, 3, config.input_height, config.input_width});
  int done = 0;
  for (const std::string& path : pictures) {
    auto picture = read(path, {config.input_width, config.input_height});
    if (!picture.ok())
      return picture.error();
    auto shrunk = shrinker.shrink_to(picture.value().view(), config.input_width,
                                     config.input_height, pixels.data());
    if (!shrunk.ok())
      return shrunk.error();
    normalize(pixels.data(), config.input_width * config.input_height, config.input_mean,
              config.input_scale, input.data_ptr<float>());
    encoder.forward(input, [&](const std::string& layer, const torch::Tensor& output) {
      calibration.observe(layer, output);
    });
    progress("calibrating", ++done, static_cast<int>(pictures.size()));
  }
  calibration.add_steps(result);
  return {};
}

Result<void> quantize_guarded(const std::string& directory,
                              const std::vector<std::string>& pictures, const PictureReader& read,
                              const ProgressReport& progress) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  const Bundle& bundle = opened.value();
  const torch::NoGradGuard no_gradients;
  torch::manual_seed(1);  // the same values are sampled in every run

  const NamedTensors master = fp32_tensors(bundle.weights);
  NamedTensors result;
  for (const auto& [name, tensor] : master) {
    if (ends_with(name, ".weight") && name != "decoder.attention_score.weight")
      quantize_weight(name, tensor, result);
    else
      result[name] = tensor;
  }
  auto calibrated = calibrate(bundle.config, master, pictures, read, progress, result);
  if (!calibrated.ok())
    return calibrated;
  auto written = write_safetensors(directory + "/" + weight_file_name(WeightFile::Int8),
                                   tensor_views(result), {{"format", "pt"}});
  if (!written.ok())
    return written;

  ModelConfig config = bundle.config;
  config.self_test.clear();  // it belongs to the weights before
  if (std::find(config.precisions.begin(), config.precisions.end(), "int8") ==
      config.precisions.end())
    config.precisions.emplace_back("int8");
  return write_text_file(directory + "/config.json", format_config(config));
}

Result<void> halve_guarded(const std::string& directory) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  NamedTensors tensors = fp32_tensors(opened.value().weights);
  for (auto& [name, tensor] : tensors) {
    if (!may_be_half(name))
      continue;
    if (!fits_half(tensor)) {
      return Error{ErrorKind::InvalidArgument, opened.value().weights.path() + ": " + name +
                                                   " has a number above 65504, the largest that "
                                                   "fp16 has; keep the model in fp32"};
    }
    tensor = tensor.to(torch::kFloat16);
  }
  auto written = write_safetensors(directory + "/" + weight_file_name(WeightFile::Master),
                                   tensor_views(tensors), {{"format", "pt"}});
  if (!written.ok())
    return written;

  ModelConfig config = opened.value().config;
  std::vector<std::string> precisions{"fp16"};
  for (const std::string& precision : config.precisions) {
    if (precision != "fp32" && precision != "fp16")
      precisions.push_back(precision);
  }
  config.precisions = std::move(precisions);
  return write_text_file(directory + "/config.json", format_config(config));
}

}  // namespace

Result<void> halve_bundle(const std::string& directory) {
  Result<void> result;
  const auto guarded = guard_torch([&] { result = halve_guarded(directory); });
  return guarded.ok() ? result : guarded;
}

Result<void> quantize_bundle(const std::string& directory, const std::vector<std::string>& pictures,
                             const PictureReader& read, const ProgressReport& progress) {
  if (pictures.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "No picture was given to calibrate with; name some hundred training pictures"};
  }
  Result<void> result;
  auto guarded =
      guard_torch([&] { result = quantize_guarded(directory, pictures, read, progress); });
  return guarded.ok() ? result : guarded;
}

}  // namespace jetsoncaption
