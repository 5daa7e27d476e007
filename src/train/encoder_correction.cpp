// SPDX-License-Identifier: LGPL-2.1-or-later
// Goes through the encoder layer by layer.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "train/augment.h"
#include "train/correction.h"
#include "train/least_squares.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kSamples = 7;  // along each side of a layer's output
constexpr int64_t kRows = 2048;  // of the samples that are added at once

// Ends a forward pass when what it was made for has been seen.
struct SeenEnough {};

// Places of a side of the output, spread over it.
torch::Tensor sampled_places(int64_t side) {
  const int64_t count = std::min(side, kSamples);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back((2 * i + 1) * side / (2 * count));
  return torch::tensor(places, torch::kInt64);
}

// The values of some places [B, C, H, W], a row each: [N, C].
torch::Tensor sample(const torch::Tensor& output) {
  return output.index_select(2, sampled_places(output.size(2)))
      .index_select(3, sampled_places(output.size(3)))
      .permute({0, 2, 3, 1})
      .flatten(0, 2)
      .contiguous();
}

class EncoderCorrection {
 public:
  EncoderCorrection(const Cut& cut, const torch::Tensor& pictures, const ProgressReport& progress)
      : cut_(cut), pictures_(pictures), progress_(progress) {}

  void run() {
    const size_t blocks = cut_.config.encoder.blocks.size();
    std::vector<std::string> layers{"encoder.stem"};
    for (size_t i = 0; i < blocks; ++i)
      layers.push_back(name_of(i) + ".project");
    const auto full = outputs(cut_.full_config, cut_.full, layers);
    report(1);
    auto stream = outputs(cut_.config, cut_.tensors, {"encoder.stem"})[0];
    for (size_t i = 0; i < blocks; ++i) {
      stream = correct_block(i, full[i], full[i + 1], stream);
      report(i + 2);
    }
    correct_head(full.back(), stream);
  }

 private:
  static std::string name_of(size_t block) { return "encoder.blocks." + std::to_string(block); }

  void report(size_t done) const {
    progress_("correcting layers", static_cast<int>(done),
              static_cast<int>(cut_.config.encoder.blocks.size() + 1));
  }

  // Samples of what layers of a network give, in their order; the last is the last to be computed.
  std::vector<torch::Tensor> outputs(const ModelConfig& config, const NamedTensors& tensors,
                                     const std::vector<std::string>& layers) const {
    const Encoder encoder(config.encoder, tensors);
    std::vector<std::vector<torch::Tensor>> samples(layers.size());
    for (const auto& batch : pictures_.split(kBatch)) {
      const auto observe = [&](const std::string& layer, const torch::Tensor& output) {
        const auto found = std::find(layers.begin(), layers.end(), layer);
        if (found == layers.end())
          return;
        samples[static_cast<size_t>(found - layers.begin())].push_back(sample(output));
        if (found + 1 == layers.end())
          throw SeenEnough();
      };
      try {
        encoder.forward(
            normalize_pictures(batch, config).contiguous(torch::MemoryFormat::ChannelsLast),
            observe);
      } catch (const SeenEnough&) {  // the rest is not needed
      }
    }
    std::vector<torch::Tensor> joined;
    for (const auto& layer : samples)
      joined.push_back(torch::cat(layer));
    return joined;
  }

  // Returns the new stream behind the block.
  torch::Tensor correct_block(size_t number, const torch::Tensor& full_before,
                              const torch::Tensor& full_after, const torch::Tensor& before) {
    const std::string name = name_of(number);
    const BlockConfig& block = cut_.config.encoder.blocks[number];
    if (block.has_expansion())
      correct_like_full(name + ".expand", full_before, before);
    const auto hidden = outputs(cut_.config, cut_.tensors, {name + ".depthwise"})[0];
    auto wanted = full_after.index_select(1, cut_.entries.along(name + ".project.weight", 0));
    if (block.residual)
      wanted = wanted - before;
    correct(name + ".project", hidden, wanted);
    const auto projected = layer_output(cut_.tensors, name + ".project", hidden);
    return block.residual ? projected + before : projected;
  }

  void correct_head(const torch::Tensor& full_stream, const torch::Tensor& stream) {
    correct_like_full("encoder.head", full_stream, stream);
    const auto full = layer_output(cut_.full, "encoder.head", full_stream).clamp(0, 6);
    const auto features = layer_output(cut_.tensors, "encoder.head", stream).clamp(0, 6);
    correct_like_full("decoder.feature", full, features);
    if (cut_.config.tags.classes > 0)
      correct_like_full("tags", full, features);
  }

  static torch::Tensor layer_output(const NamedTensors& tensors, const std::string& layer,
                                    const torch::Tensor& input) {
    return torch::linear(input, tensors.at(layer + ".weight").flatten(1),
                         tensors.at(layer + ".bias"));
  }

  // Before its activation the layer should give what it gives in the full network.
  void correct_like_full(const std::string& layer, const torch::Tensor& full_input,
                         const torch::Tensor& input) {
    correct(layer, input,
            layer_output(cut_.full, layer, full_input)
                .index_select(1, cut_.entries.along(layer + ".weight", 0)));
  }

  void correct(const std::string& layer, const torch::Tensor& input, const torch::Tensor& wanted) {
    const auto missing = wanted - layer_output(cut_.tensors, layer, input);
    LeastSquares fit;
    for (int64_t i = 0; i < input.size(0); i += kRows) {
      const int64_t rows = std::min(kRows, input.size(0) - i);
      fit.add(input.narrow(0, i, rows), missing.narrow(0, i, rows));
    }
    const auto change = fit.solve();
    const int64_t inputs = input.size(1);
    auto& weight = cut_.tensors.at(layer + ".weight");
    weight.add_(change.narrow(0, 0, inputs).t().reshape(weight.sizes()));
    cut_.tensors.at(layer + ".bias").add_(change[inputs]);
  }

  const Cut& cut_;
  const torch::Tensor pictures_;
  const ProgressReport& progress_;
};

}  // namespace

void correct_encoder(const Cut& cut, const DescribedPictures& described,
                     const ProgressReport& progress) {
  EncoderCorrection(cut, described.pictures, progress).run();
}

}  // namespace jetsoncaption
