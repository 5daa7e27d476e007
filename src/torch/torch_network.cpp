// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions with LibTorch's operators, one at a time ("eager"), on the CPU or on CUDA.
//
// On CUDA all work goes to one stream. The only wait in a word is for its log-probabilities, which
// the search reads on the CPU.
#include "torch/torch_network.h"

#include <cstring>
#include <vector>

#include <torch/torch.h>

#include "image/preprocess.h"
#include "torch/network.h"
#include "torch/weights.h"

namespace jetsoncaption {
namespace {

constexpr double kLeastAttention = 1e-20;  // where a word looked at tags only

const char* kernels_name(DataType stored, const TorchOptions& options) {
  if (stored == DataType::I8)
    return "dequantized";
  const bool half_weights = stored == DataType::F16 || options.half;
  const bool half_arithmetic = options.half && options.cuda;
  return half_weights && !half_arithmetic ? "torch-fp32" : "torch";
}

torch::Tensor round_to_half(const std::string& name, const torch::Tensor& tensor) {
  TORCH_CHECK(fits_half(tensor), name, " has a number too large for fp16; choose precision fp32");
  return tensor.to(torch::kFloat16);
}

bool is_rounded(const std::string& name, const TorchOptions& options) {
  return options.half && (options.cuda || may_be_half(name));
}

class TorchNetwork : public CaptionNetwork {
 public:
  TorchNetwork(const Bundle& bundle, const TorchOptions& options)
      : config_(bundle.config),
        kernels_(kernels_name(bundle.weights.find("decoder.embedding.weight")->type, options)),
        device_(options.cuda ? torch::kCUDA : torch::kCPU),
        arithmetic_(options.half && options.cuda ? torch::kFloat16 : torch::kFloat32),
        vocabulary_size_(bundle.vocabulary.size()),
        tag_words_(bundle.tag_words) {
    const c10::InferenceMode inference;
    const auto convert = [&](const std::string& name, const torch::Tensor& tensor) {
      return (is_rounded(name, options) ? round_to_half(name, tensor) : tensor)
          .to(device_, arithmetic_);
    };
    const NamedTensors tensors = convert_tensors(bundle.weights, convert);
    encoder_ = std::make_unique<Encoder>(config_.encoder, tensors);
    decoder_ = std::make_unique<Decoder>(config_.decoder, tensors);
    if (config_.tags.classes > 0) {
      tagger_ = std::make_unique<Tagger>(tensors, config_.grid_width(), config_.grid_height());
    }
    input_ = torch::empty({1, 3, config_.input_height, config_.input_width});
  }

  int vocabulary_size() const override { return vocabulary_size_; }
  const char* kernels() const override { return kernels_; }

  void look_at(const uint8_t* rgb) override {
    const c10::InferenceMode inference;
    normalize(rgb, config_.input_width * config_.input_height, config_.input_mean,
              config_.input_scale, input_.data_ptr<float>());
    const auto encoded = encoder_->forward(
        on_device(input_).to(arithmetic_).contiguous(torch::MemoryFormat::ChannelsLast));
    if (tagger_) {
      const TagCells cells = find_tags(encoded);
      picture_ = decoder_->prepare(encoded, &cells);
    } else {
      picture_ = decoder_->prepare(encoded);
    }
    hidden_ = decoder_->initial_hidden(picture_).unsqueeze(1);
  }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    const c10::InferenceMode inference;
    const auto slots = on_device(torch::tensor(parents, torch::kInt64));
    const auto ids = on_device(torch::tensor(words, torch::kInt64));
    const auto vectors = decoder_->embed(ids).unsqueeze(0);
    const auto step = decoder_->advance(picture_, vectors, hidden_.index_select(1, slots));
    hidden_ = step.hidden;
    attention_ = step.attention;
    const auto logits = decoder_->logits(step.hidden, step.context, vectors);
    copy_to(log_probabilities, torch::log_softmax(logits.to(torch::kFloat32), -1));
  }

  void copy_attention(std::vector<float>& maps) const override {
    const c10::InferenceMode inference;
    const auto places = attention_.narrow(-1, 0, picture_.places).to(torch::kFloat32);
    copy_to(maps, places / places.sum(-1, true).clamp_min(kLeastAttention));
  }

  const std::vector<Tag>& tags() const override { return tags_; }

 private:
  TagCells find_tags(const torch::Tensor& encoded) {
    std::vector<float> scores;
    copy_to(scores, tagger_->logits(encoded).to(torch::kFloat32));
    tags_ = sort_tags(scores, tag_words_);
    std::vector<int64_t> words;
    std::vector<float> probabilities;
    for (size_t i = 0; i < static_cast<size_t>(config_.tags.cells); ++i) {
      words.push_back(tags_[i].word);
      probabilities.push_back(tags_[i].probability);
    }
    return {on_device(torch::tensor(words, torch::kInt64)).unsqueeze(0),
            on_device(torch::tensor(probabilities, torch::kFloat32)).unsqueeze(0)};
  }

  // Does not wait, though the source may be changed at once: CUDA copies memory that is not pinned
  // to a buffer of its own before the call returns.
  torch::Tensor on_device(const torch::Tensor& tensor) const {
    return tensor.to(device_, tensor.scalar_type(), /*non_blocking=*/true);
  }

  static void copy_to(std::vector<float>& values, const torch::Tensor& tensor) {
    const auto source = tensor.to(torch::kCPU).contiguous();
    values.resize(static_cast<size_t>(source.numel()));
    std::memcpy(values.data(), source.data_ptr<float>(), values.size() * sizeof(float));
  }

  const ModelConfig config_;
  const char* const kernels_;
  const torch::Device device_;
  const torch::ScalarType arithmetic_;
  const int vocabulary_size_;
  const std::vector<int> tag_words_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Tagger> tagger_;  // nullptr where the model has no tags
  std::unique_ptr<Decoder> decoder_;
  torch::Tensor input_;       // [1, 3, H, W], on the CPU
  Decoder::Picture picture_;  // of the picture that is described
  std::vector<Tag> tags_;     // of it, likeliest first
  torch::Tensor hidden_;      // [1, slots, H]
  torch::Tensor attention_;   // [1, slots, P], of the newest step: places, then tags
};

}  // namespace

std::unique_ptr<CaptionNetwork> make_torch_network(const Bundle& bundle,
                                                   const TorchOptions& options) {
  return std::make_unique<TorchNetwork>(bundle, options);
}

void give_back_torch_copies(Bundle& bundle, const TorchOptions& options) {
  bundle.weights.give_back([&options](const std::string& name, const TensorView& tensor) {
    return options.cuda || tensor.type != DataType::F32 || is_rounded(name, options);
  });
}

}  // namespace jetsoncaption
