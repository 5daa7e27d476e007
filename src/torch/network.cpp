// SPDX-License-Identifier: LGPL-2.1-or-later
// Forward passes of the encoder and of one decoder step.
#include "torch/network.h"

#include <utility>

#include "bundle/tag_windows.h"

namespace jetsoncaption {
namespace {

const torch::Tensor& tensor(const NamedTensors& tensors, const std::string& name) {
  return tensors.at(name);  // names were checked when the bundle was opened
}

// A square kernel of odd size, padded as TensorFlow's SAME for an even size: at stride 2 there is
// one row and column more after than before.
torch::Tensor convolve(const torch::Tensor& input, const torch::Tensor& weight,
                       const torch::Tensor& bias, int stride, int64_t groups) {
  const std::vector<int64_t> steps{stride, stride};
  const std::vector<int64_t> ones{1, 1};
  const int64_t half = weight.size(-1) / 2;
  if (stride == 1)
    return torch::conv2d(input, weight, bias, steps, std::vector<int64_t>{half, half}, ones,
                         groups);
  const auto padded = torch::constant_pad_nd(input, {half - 1, half, half - 1, half});
  return torch::conv2d(padded, weight, bias, steps, std::vector<int64_t>{0, 0}, ones, groups);
}

torch::Tensor relu6_in_place(torch::Tensor input) {
  // In place: a convolution does not need its own output for its gradient, and hardtanh, unlike
  // clamp, takes its gradient from the result.
  return torch::hardtanh_(input, 0, 6);
}

// inputs [..., I], weight [O, I] -> [..., O]. Of one row a matrix product is slower than a product
// with a vector.
torch::Tensor multiply(const torch::Tensor& inputs, const torch::Tensor& weight,
                       const torch::Tensor& bias) {
  if (inputs.numel() != weight.size(1) || inputs.is_cuda() || inputs.requires_grad() ||
      weight.requires_grad())
    return torch::linear(inputs, weight, bias);
  std::vector<int64_t> sizes = inputs.sizes().vec();
  sizes.back() = weight.size(0);
  return torch::addmv(bias, weight, inputs.reshape(-1)).view(sizes);
}

}  // namespace

Encoder::Encoder(const EncoderConfig& config, const NamedTensors& tensors) {
  const auto layer = [&](const std::string& name) {
    return Layer{tensor(tensors, name + ".weight"), tensor(tensors, name + ".bias")};
  };
  stem_ = layer("encoder.stem");
  for (size_t i = 0; i < config.blocks.size(); ++i) {
    const BlockConfig& block_config = config.blocks[i];
    const std::string name = "encoder.blocks." + std::to_string(i);
    Block block;
    if (block_config.has_expansion())
      block.expand = layer(name + ".expand");
    block.depthwise = layer(name + ".depthwise");
    block.project = layer(name + ".project");
    block.stride = block_config.stride;
    block.residual = block_config.residual;
    blocks_.push_back(std::move(block));
  }
  head_ = layer("encoder.head");
}

torch::Tensor Encoder::forward(const torch::Tensor& images, const Observer& observer) const {
  const auto observed = [&observer](const std::string& layer, torch::Tensor output) {
    if (observer)
      observer(layer, output);
    return output;
  };
  auto x =
      observed("encoder.stem", relu6_in_place(convolve(images, stem_.weight, stem_.bias, 2, 1)));
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    const std::string name = "encoder.blocks." + std::to_string(i);
    auto y = x;
    if (block.expand.weight.defined()) {
      y = observed(name + ".expand",
                   relu6_in_place(torch::conv2d(y, block.expand.weight, block.expand.bias)));
    }
    y = observed(name + ".depthwise",
                 relu6_in_place(convolve(y, block.depthwise.weight, block.depthwise.bias,
                                         block.stride, block.depthwise.weight.size(0))));
    y = torch::conv2d(y, block.project.weight, block.project.bias);
    x = observed(name + ".project", block.residual ? x + y : y);
  }
  x = observed("encoder.head", relu6_in_place(torch::conv2d(x, head_.weight, head_.bias)));
  return x.flatten(2).transpose(1, 2).contiguous();
}

torch::Tensor window_means(const torch::Tensor& features, int grid_width, int grid_height) {
  const auto grid = features.view({features.size(0), grid_height, grid_width, -1});
  std::vector<torch::Tensor> means;
  for (const TagWindow& window : tag_windows(grid_width, grid_height)) {
    means.push_back(grid.narrow(1, window.top, window.height)
                        .narrow(2, window.left, window.width)
                        .mean(std::vector<int64_t>{1, 2}));
  }
  return torch::stack(means, 1);
}

Tagger::Tagger(const NamedTensors& tensors, int grid_width, int grid_height)
    : weight_(tensor(tensors, "tags.weight")),
      bias_(tensor(tensors, "tags.bias")),
      grid_width_(grid_width),
      grid_height_(grid_height) {}

torch::Tensor Tagger::logits(const torch::Tensor& encoded) const {
  return torch::linear(window_means(encoded, grid_width_, grid_height_), weight_, bias_);
}

Decoder::Decoder(const DecoderConfig&, const NamedTensors& tensors)
    : feature_weight_(tensor(tensors, "decoder.feature.weight")),
      feature_bias_(tensor(tensors, "decoder.feature.bias")),
      initial_weight_(tensor(tensors, "decoder.initial.weight")),
      initial_bias_(tensor(tensors, "decoder.initial.bias")),
      attention_feature_weight_(tensor(tensors, "decoder.attention_feature.weight")),
      attention_state_weight_(tensor(tensors, "decoder.attention_state.weight")),
      attention_state_bias_(tensor(tensors, "decoder.attention_state.bias")),
      attention_score_weight_(tensor(tensors, "decoder.attention_score.weight")),
      gate_weight_(tensor(tensors, "decoder.gate.weight")),
      gate_bias_(tensor(tensors, "decoder.gate.bias")),
      gru_input_weight_(tensor(tensors, "decoder.gru_input.weight")),
      gru_input_bias_(tensor(tensors, "decoder.gru_input.bias")),
      gru_state_weight_(tensor(tensors, "decoder.gru_state.weight")),
      gru_state_bias_(tensor(tensors, "decoder.gru_state.bias")),
      output_weight_(tensor(tensors, "decoder.output.weight")),
      output_bias_(tensor(tensors, "decoder.output.bias")),
      embedding_(tensor(tensors, "decoder.embedding.weight")),
      word_bias_(tensor(tensors, "decoder.word.bias")) {
  if (tensors.count("decoder.tag.weight") == 0)
    return;
  tag_weight_ = tensor(tensors, "decoder.tag.weight");
  tag_bias_ = tensor(tensors, "decoder.tag.bias");
}

Decoder::Picture Decoder::prepare(const torch::Tensor& encoded, const TagCells* tags) const {
  Picture picture;
  picture.places = encoded.size(1);
  picture.features = torch::relu(torch::linear(encoded, feature_weight_, feature_bias_));
  if (tags) {
    const auto probabilities = tags->probabilities.unsqueeze(-1).to(embedding_.scalar_type());
    const auto described = torch::cat({embed(tags->words), probabilities}, -1);
    const auto cells = torch::relu(torch::linear(described, tag_weight_, tag_bias_));
    picture.features = torch::cat({picture.features, cells.to(picture.features.scalar_type())}, 1);
  }
  picture.keys = torch::linear(picture.features, attention_feature_weight_);
  return picture;
}

torch::Tensor Decoder::initial_hidden(const Picture& picture) const {
  return torch::tanh(torch::linear(picture.features.narrow(1, 0, picture.places).mean(1),
                                   initial_weight_, initial_bias_));
}

torch::Tensor Decoder::embed(const torch::Tensor& words) const {
  return torch::embedding(embedding_, words);
}

Decoder::Step Decoder::advance(const Picture& picture, const torch::Tensor& word_vectors,
                               const torch::Tensor& hidden) const {
  // scores [B, K, P] = v . tanh(keys + query)
  const auto query = multiply(hidden, attention_state_weight_, attention_state_bias_);
  const auto mixed = torch::tanh(picture.keys.unsqueeze(1) + query.unsqueeze(2));
  const auto scores = torch::linear(mixed, attention_score_weight_).squeeze(-1);

  Step step;
  step.attention = torch::softmax(scores, -1);
  const auto gate = torch::sigmoid(multiply(hidden, gate_weight_, gate_bias_));
  step.context = torch::bmm(step.attention, picture.features) * gate;

  const auto input =
      multiply(torch::cat({word_vectors, step.context}, -1), gru_input_weight_, gru_input_bias_)
          .chunk(3, -1);
  const auto state = multiply(hidden, gru_state_weight_, gru_state_bias_).chunk(3, -1);
  const auto reset = torch::sigmoid(input[0] + state[0]);
  const auto update = torch::sigmoid(input[1] + state[1]);
  const auto candidate = torch::tanh(input[2] + reset * state[2]);
  step.hidden = candidate + update * (hidden - candidate);
  return step;
}

torch::Tensor Decoder::logits(const torch::Tensor& hidden, const torch::Tensor& context,
                              const torch::Tensor& word_vectors, double dropout) const {
  auto joined = torch::cat({hidden, context, word_vectors}, -1);
  if (dropout > 0)
    joined = torch::dropout(joined, dropout, true);
  auto vector = multiply(joined, output_weight_, output_bias_);
  if (dropout > 0)
    vector = torch::dropout(vector, dropout, true);
  return multiply(vector, embedding_, word_bias_);
}

}  // namespace jetsoncaption
