// SPDX-License-Identifier: LGPL-2.1-or-later
// config.json of a model bundle: the architecture with every size, and how to feed it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/confidence_facts.h"

namespace jetsoncaption {

// One inverted residual block (Sandler et al. 2018, "MobileNetV2", section 3.3): 1x1 expansion
// (absent when hidden_channels == in_channels), depthwise, 1x1 projection.
struct BlockConfig {
  int in_channels = 0;
  int hidden_channels = 0;
  int out_channels = 0;
  int stride = 1;         // 1 or 2
  bool residual = false;  // adds the input; needs stride 1 and equal channels
  int kernel = 3;         // of the depthwise convolution: 3 or 5

  bool has_expansion() const { return hidden_channels != in_channels; }
};

struct EncoderConfig {
  int stem_channels = 0;  // 3x3, stride 2
  std::vector<BlockConfig> blocks;
  int head_channels = 0;  // 1x1
};

// Additive-attention GRU decoder (Xu et al. 2015, "Show, Attend and Tell", section 3).
struct DecoderConfig {
  int feature_size = 0;    // F: the encoder's channels are projected to this
  int attention_size = 0;  // A
  int embedding_size = 0;  // E: shared by the input words and the output layer
  int hidden_size = 0;     // H: of the GRU
};

// The classifier that names things in a picture, and how many of its names the decoder is shown.
// Each class has a noun of the vocabulary in tags.txt, or none.
struct TagConfig {
  int classes = 0;  // T: 0 where the model has no tags
  int cells = 0;    // the likeliest nouns become so many cells beside those of the picture
};

struct TokenIds {
  int padding = 0;
  int start = 1;
  int end = 2;
  int unknown = 3;
};

// The longest caption of a self-test: about as long as an ordinary one, so that it takes no longer.
constexpr int kSelfTestWords = 8;

// A picture that a formula makes, and the greedy caption that the model gives it where all is well.
struct SelfTestPicture {
  int number = 0;    // of make_test_picture(), at the input size
  float margin = 0;  // by how much, in log-probability, the closest of its words was decided
  // By precision ("fp32", "int8"): the words, then the end token unless the caption was cut off.
  std::map<std::string, std::vector<int>> tokens;
};

struct ModelConfig {
  int format_version = 2;  // 1: kernels of 3 only, and no tags
  std::string name;
  EncoderConfig encoder;
  TagConfig tags;
  DecoderConfig decoder;
  int input_width = 224;  // multiples of 32
  int input_height = 224;
  std::array<float, 3> input_mean{127.5F, 127.5F, 127.5F};  // x = (pixel - mean) * scale
  std::array<float, 3> input_scale{1 / 127.5F, 1 / 127.5F, 1 / 127.5F};
  std::vector<std::string> precisions;  // "fp32", "int8"
  TokenIds tokens;
  float length_penalty = 0.7F;  // of beam search, chosen on the dev pictures
  float tag_weight = 0;         // of what the tags say of a word (captioner/tag_evidence.h)
  ConfidenceConfig confidence;
  std::string licence;
  std::string training_data;
  std::string language = "en";             // of the captions (BCP 47)
  std::vector<SelfTestPicture> self_test;  // at most 4; empty: there is none
  std::string quality_json;  // measured quality as a JSON object, kept as text; may be "{}"

  int grid_width() const { return input_width / 32; }
  int grid_height() const { return input_height / 32; }
};

// Reads the text of a config.json. `file` is only used in messages. Every field is checked for
// type and range; CorruptModel names file, field, value found and what was expected.
Result<ModelConfig> parse_config(const std::string& text, const std::string& file);

// The text of a config.json that parse_config() reads back to the same configuration.
std::string format_config(const ModelConfig& config);

}  // namespace jetsoncaption
