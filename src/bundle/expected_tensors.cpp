// SPDX-License-Identifier: LGPL-2.1-or-later
// What a weight file of a configuration must contain: every tensor with its types and its shape.
#include <utility>

#include "bundle/bundle.h"

namespace jetsoncaption {

namespace {

// Collects what a weight file must contain, a layer at a time.
class SpecList {
 public:
  explicit SpecList(WeightFile file) : file_(file) {}

  // A matrix or a convolution, which the int8 file has in int8 with a scale for each output.
  void add_weight(const std::string& layer, const std::vector<int64_t>& shape) {
    if (file_ == WeightFile::Master) {
      specs_[layer + ".weight"] = {{DataType::F32, DataType::F16}, shape};
      return;
    }
    specs_[layer + ".weight"] = {{DataType::I8}, shape};
    add_plain(layer + ".weight_scale", {shape[0]});
  }

  // What stays in floating point in both files.
  void add_plain(const std::string& name, const std::vector<int64_t>& shape) {
    specs_[name] = {{DataType::F32}, shape};
  }

  void add_linear(const std::string& layer, int64_t out, int64_t in) {
    add_weight(layer, {out, in});
    add_plain(layer + ".bias", {out});
  }

  void add_convolution(const std::string& layer, int64_t out, int64_t in, int64_t kernel) {
    add_weight(layer, {out, in, kernel, kernel});
    add_plain(layer + ".bias", {out});
    if (file_ == WeightFile::Int8)
      add_plain(layer + ".output_scale", {1});
  }

  // A matrix that is too small to gain from int8, but may be fp16 in the master file.
  void add_small_weight(const std::string& layer, const std::vector<int64_t>& shape) {
    specs_[layer + ".weight"] = {{DataType::F32}, shape};
    if (file_ == WeightFile::Master)
      specs_[layer + ".weight"].types.push_back(DataType::F16);
  }

  std::map<std::string, TensorSpec> take() { return std::move(specs_); }

 private:
  const WeightFile file_;
  std::map<std::string, TensorSpec> specs_;
};

void add_encoder(const EncoderConfig& encoder, SpecList& list) {
  list.add_convolution("encoder.stem", encoder.stem_channels, 3, 3);
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const BlockConfig& block = encoder.blocks[i];
    const std::string name = "encoder.blocks." + std::to_string(i);
    if (block.has_expansion()) {
      list.add_convolution(name + ".expand", block.hidden_channels, block.in_channels, 1);
    }
    list.add_convolution(name + ".depthwise", block.hidden_channels, 1, block.kernel);
    list.add_convolution(name + ".project", block.out_channels, block.hidden_channels, 1);
  }
  const int last =
      encoder.blocks.empty() ? encoder.stem_channels : encoder.blocks.back().out_channels;
  list.add_convolution("encoder.head", encoder.head_channels, last, 1);
}

void add_decoder(const ModelConfig& config, int64_t words, SpecList& list) {
  const int64_t channels = config.encoder.head_channels;
  const int64_t features = config.decoder.feature_size;
  const int64_t attention = config.decoder.attention_size;
  const int64_t embedding = config.decoder.embedding_size;
  const int64_t hidden = config.decoder.hidden_size;
  list.add_linear("decoder.feature", features, channels);
  list.add_linear("decoder.initial", hidden, features);
  list.add_weight("decoder.attention_feature", {attention, features});
  list.add_linear("decoder.attention_state", attention, hidden);
  list.add_small_weight("decoder.attention_score", {1, attention});
  list.add_linear("decoder.gate", features, hidden);
  list.add_linear("decoder.gru_input", 3 * hidden, embedding + features);
  list.add_linear("decoder.gru_state", 3 * hidden, hidden);
  list.add_linear("decoder.output", embedding, hidden + features + embedding);
  list.add_weight("decoder.embedding", {words, embedding});
  list.add_plain("decoder.word.bias", {words});
  if (config.tags.classes > 0) {
    list.add_linear("tags", config.tags.classes, channels);
    list.add_linear("decoder.tag", features, embedding + 1);
  }
}

}  // namespace

std::map<std::string, TensorSpec> expected_tensors(const ModelConfig& config, int vocabulary_size,
                                                   WeightFile file) {
  SpecList list(file);
  add_encoder(config.encoder, list);
  add_decoder(config, vocabulary_size, list);
  return list.take();
}

}  // namespace jetsoncaption
