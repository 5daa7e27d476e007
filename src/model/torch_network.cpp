// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions with LibTorch's fp32 operators, one at a time ("eager").
#include <cstring>
#include <vector>

#include <torch/torch.h>

#include "image/preprocess.h"
#include "model/caption_network.h"
#include "model/network.h"
#include "model/weights.h"

namespace jetsoncaption {
namespace {

class TorchNetwork : public CaptionNetwork {
 public:
  explicit TorchNetwork(const Bundle& bundle)
      : config_(bundle.config),
        int8_(bundle.weights.find("decoder.embedding.weight")->type == DataType::I8),
        vocabulary_size_(bundle.vocabulary.size()) {
    const c10::InferenceMode inference;
    const NamedTensors tensors = fp32_tensors(bundle.weights);
    encoder_ = std::make_unique<Encoder>(config_.encoder, tensors);
    decoder_ = std::make_unique<Decoder>(config_.decoder, tensors);
    input_ = torch::empty({1, 3, config_.input_height, config_.input_width});
  }

  int vocabulary_size() const override { return vocabulary_size_; }
  const char* kernels() const override { return int8_ ? "dequantized" : "torch"; }

  void look_at(const uint8_t* rgb) override {
    const c10::InferenceMode inference;
    normalize(rgb, config_.input_width * config_.input_height, config_.input_mean,
              config_.input_scale, input_.data_ptr<float>());
    picture_ = decoder_->prepare(encoder_->forward(input_));
    hidden_ = decoder_->initial_hidden(picture_).unsqueeze(1);
  }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    const c10::InferenceMode inference;
    const auto count = static_cast<int64_t>(words.size());
    const auto slots = torch::tensor(parents, torch::kInt64);
    const auto vectors = decoder_->embed(torch::tensor(words, torch::kInt64)).unsqueeze(0);
    const auto step = decoder_->advance(picture_, vectors, hidden_.index_select(1, slots));
    hidden_ = step.hidden;
    attention_ = step.attention;
    const auto scores =
        torch::log_softmax(decoder_->logits(step.hidden, step.context, vectors), -1).contiguous();
    log_probabilities.resize(static_cast<size_t>(count * vocabulary_size_));
    std::memcpy(log_probabilities.data(), scores.data_ptr<float>(),
                log_probabilities.size() * sizeof(float));
  }

  void copy_attention(std::vector<float>& maps) const override {
    const c10::InferenceMode inference;
    const auto values = attention_.contiguous();
    maps.resize(static_cast<size_t>(values.numel()));
    std::memcpy(maps.data(), values.data_ptr<float>(), maps.size() * sizeof(float));
  }

 private:
  const ModelConfig config_;
  const bool int8_;
  const int vocabulary_size_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Decoder> decoder_;
  torch::Tensor input_;       // [1, 3, H, W]
  Decoder::Picture picture_;  // of the picture that is described
  torch::Tensor hidden_;      // [1, slots, H]
  torch::Tensor attention_;   // [1, slots, P], of the newest step
};

}  // namespace

std::unique_ptr<CaptionNetwork> make_torch_network(const Bundle& bundle) {
  return std::make_unique<TorchNetwork>(bundle);
}

}  // namespace jetsoncaption
