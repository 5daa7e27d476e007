// SPDX-License-Identifier: LGPL-2.1-or-later
// Learning rates, gradients and their limits.
#include "train/stage_optimizer.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr double kWarmUpShare = 0.1;  // of the steps of a stage
constexpr double kGradientLimit = 5.0;

// One cycle: linear warm-up, then half a cosine down to zero.
double schedule(double progress) {
  if (progress < kWarmUpShare)
    return progress / kWarmUpShare;
  return 0.5 * (1 + std::cos(M_PI * (progress - kWarmUpShare) / (1 - kWarmUpShare)));
}

torch::optim::OptimizerParamGroup group(std::vector<torch::Tensor> tensors, double learning_rate,
                                        double weight_decay) {
  using Options = torch::optim::AdamWOptions;
  return {std::move(tensors),
          std::make_unique<Options>(Options(learning_rate).weight_decay(weight_decay))};
}

torch::optim::AdamW make_adam(Stage stage, const TrainOptions& options, NamedTensors& parameters) {
  std::vector<torch::Tensor> decoder;
  std::vector<torch::Tensor> encoder;
  for (auto& [name, tensor] : parameters) {
    tensor.requires_grad_(trains(options, stage, name));
    if (tensor.requires_grad())
      (is_decoder_tensor(name) ? decoder : encoder).push_back(tensor);
  }
  std::vector<torch::optim::OptimizerParamGroup> groups;
  const StageOptions& rates = stage_options(options, stage);
  groups.push_back(group(std::move(decoder), rates.decoder_learning_rate, options.weight_decay));
  if (!encoder.empty())
    groups.push_back(group(std::move(encoder), rates.encoder_learning_rate, options.weight_decay));
  return torch::optim::AdamW(std::move(groups), torch::optim::AdamWOptions());
}

}  // namespace

StageOptimizer::StageOptimizer(Stage stage, const TrainOptions& options, NamedTensors& parameters)
    : options_(stage_options(options, stage)), adam_(make_adam(stage, options, parameters)) {}

void StageOptimizer::step(const torch::Tensor& loss, double progress) {
  auto& groups = adam_.param_groups();
  groups[0].options().set_lr(options_.decoder_learning_rate * schedule(progress));
  if (groups.size() > 1)
    groups[1].options().set_lr(options_.encoder_learning_rate * schedule(progress));
  adam_.zero_grad();
  loss.backward();
  for (auto& group : groups)
    torch::nn::utils::clip_grad_norm_(group.params(), kGradientLimit);
  adam_.step();
}

}  // namespace jetsoncaption
