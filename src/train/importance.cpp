// SPDX-License-Identifier: LGPL-2.1-or-later
// A gradient for each picture.
#include "train/importance.h"

#include <torch/torch.h>

#include "train/augment.h"
#include "train/parameters.h"
#include "train/sequence.h"
#include "train/tag_training.h"

namespace jetsoncaption {
namespace {

// By how many nats what is said of the pictures is unlikely, summed.
torch::Tensor surprise(const ModelConfig& config, const NamedTensors& tensors,
                       const DescribedPictures& said) {
  const auto features = Encoder(config.encoder, tensors)
                            .forward(normalize_pictures(said.pictures, config)
                                         .contiguous(torch::MemoryFormat::ChannelsLast));
  const Decoder decoder(config.decoder, tensors);
  const auto picture = decoder.prepare(features, said.has_tags() ? &said.cells : nullptr);
  const auto scores = score_sentences(decoder, picture, said.inputs, said.targets, 0);
  auto sum = torch::nll_loss(torch::log_softmax(scores.logits, -1), scores.targets, {},
                             torch::Reduction::Sum);
  if (said.has_tags()) {
    const Tagger tagger(tensors, config.grid_width(), config.grid_height());
    sum = sum + torch::binary_cross_entropy_with_logits(joined_scores(tagger.logits(features)),
                                                        said.named, {}, {}, torch::Reduction::Sum);
  }
  return sum;
}

// The gradient for a factor on each channel: it is the sum over all that reads the channel of
// weight times gradient.
torch::Tensor factor_gradient(const Width& width, const NamedTensors& tensors) {
  auto sum = torch::zeros({width.size});
  for (const WidthSlice& slice : width.slices) {
    if (!slice.reads)
      continue;
    const auto& tensor = tensors.at(slice.tensor);
    if (!tensor.grad().defined())
      continue;
    const auto product = (tensor.detach() * tensor.grad())
                             .narrow(slice.axis, slice.offset, width.size)
                             .transpose(0, slice.axis)
                             .flatten(1);
    sum += product.sum(1);
  }
  return sum;
}

}  // namespace

std::vector<std::vector<double>> channel_importance(const ModelConfig& config,
                                                    const NamedTensors& tensors,
                                                    const DescribedPictures& described,
                                                    const ProgressReport& progress) {
  NamedTensors weights = copy_tensors(tensors);
  for (auto& [name, tensor] : weights)
    tensor.requires_grad_();
  const std::vector<Width> widths = widths_of(config);
  std::vector<torch::Tensor> sums;
  for (const Width& width : widths)
    sums.push_back(torch::zeros({width.size}, torch::kFloat64));
  for (int64_t i = 0; i < described.size(); ++i) {
    for (auto& [name, tensor] : weights)
      tensor.mutable_grad() = torch::Tensor();
    surprise(config, weights, described.range(i, 1)).backward();
    const torch::NoGradGuard no_gradients;
    for (size_t w = 0; w < widths.size(); ++w)
      sums[w] += factor_gradient(widths[w], weights).to(torch::kFloat64).square();
    progress("looking at what channels do", static_cast<int>(i + 1),
             static_cast<int>(described.size()));
  }
  std::vector<std::vector<double>> importance;
  for (const auto& sum : sums) {
    const auto mean = (sum / (2.0 * static_cast<double>(described.size()))).contiguous();
    importance.emplace_back(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel());
  }
  return importance;
}

}  // namespace jetsoncaption
