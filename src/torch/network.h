// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioning network on LibTorch: an encoder of inverted residuals, a classifier that names
// things, and an additive-attention GRU decoder.
//
// One definition serves captioning and training: tensors that require gradients get them. Nothing
// here allocates parameters; the network borrows them from a NamedTensors, with the names and
// shapes of bundle.h.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "bundle/config.h"

namespace jetsoncaption {

using NamedTensors = std::map<std::string, torch::Tensor>;

// Sandler et al. 2018, "MobileNetV2", or Tan and Le 2019, "EfficientNet", in its Lite form: batch
// norm folded into the convolutions, ReLU6 after all layers but the projections, padding as
// TensorFlow's SAME.
class Encoder {
 public:
  Encoder(const EncoderConfig& config, const NamedTensors& tensors);

  // Told the output of each layer, and for the last layer of a residual block the sum.
  using Observer = std::function<void(const std::string& layer, const torch::Tensor& output)>;

  // images [B, 3, height, width], normalised -> features [B, P, C] with P = grid cells in rows.
  torch::Tensor forward(const torch::Tensor& images, const Observer& observer = nullptr) const;

 private:
  struct Layer {
    torch::Tensor weight;
    torch::Tensor bias;
  };
  struct Block {
    Layer expand;  // undefined when the block has no expansion
    Layer depthwise;
    Layer project;
    int stride = 1;
    bool residual = false;
  };

  Layer stem_;
  std::vector<Block> blocks_;
  Layer head_;
};

// The means of features [B, P, C] over each window of the grid (tag_windows.h): [B, W, C].
torch::Tensor window_means(const torch::Tensor& features, int grid_width, int grid_height);

// What the classifier sees in a picture: a linear layer on the mean of the features of each window
// of the grid (tag_windows.h).
class Tagger {
 public:
  // The model must have tags. grid_width * grid_height = P.
  Tagger(const NamedTensors& tensors, int grid_width, int grid_height);

  // encoded [B, P, C] -> scores of the classes [B, W, T], before the logistic function.
  torch::Tensor logits(const torch::Tensor& encoded) const;

 private:
  torch::Tensor weight_, bias_;
  const int grid_width_;
  const int grid_height_;
};

// The likeliest nouns of B pictures: words int64 [B, K], probabilities float [B, K].
struct TagCells {
  torch::Tensor words;
  torch::Tensor probabilities;
};

// Xu et al. 2015, "Show, Attend and Tell", section 3: soft attention (4.2) with a gate on the
// context, here one for each channel, a GRU (Cho et al. 2014) instead of an LSTM, and the deep
// output layer of equation 7 with the word vectors shared between input and output. Beside the
// places of the picture it can look at the tags, each a cell made of its word's vector and its
// probability (You et al. 2016, "Image Captioning with Semantic Attention", has the idea).
//
// B pictures are described at once with K sentences each; P cells: those of the grid, then those of
// the tags; sizes as in bundle.h.
class Decoder {
 public:
  Decoder(const DecoderConfig& config, const NamedTensors& tensors);

  // What does not depend on the words: computed once a picture.
  struct Picture {
    torch::Tensor features;  // [B, P, F]
    torch::Tensor keys;      // [B, P, A]
    int64_t places = 0;      // of P, those of the grid
  };
  // encoded [B, places, C]. `tags` only for models that have them, and always for those.
  Picture prepare(const torch::Tensor& encoded, const TagCells* tags = nullptr) const;

  // The state before the first word: [B, H].
  torch::Tensor initial_hidden(const Picture& picture) const;

  torch::Tensor embed(const torch::Tensor& words) const;  // int64 [...] -> [..., E]

  struct Step {
    torch::Tensor hidden;     // [B, K, H]
    torch::Tensor context;    // [B, K, F]
    torch::Tensor attention;  // [B, K, P], sums to 1 over P
  };
  // One word: word_vectors [B, K, E] and the state before it, hidden [B, K, H].
  Step advance(const Picture& picture, const torch::Tensor& word_vectors,
               const torch::Tensor& hidden) const;

  // Scores of the next word before softmax: inputs [..., H], [..., F], [..., E] -> [..., V].
  // `dropout` is the share of inputs that is zeroed, for training only.
  torch::Tensor logits(const torch::Tensor& hidden, const torch::Tensor& context,
                       const torch::Tensor& word_vectors, double dropout = 0) const;

 private:
  torch::Tensor feature_weight_, feature_bias_;
  torch::Tensor initial_weight_, initial_bias_;
  torch::Tensor attention_feature_weight_;
  torch::Tensor attention_state_weight_, attention_state_bias_;
  torch::Tensor attention_score_weight_;
  torch::Tensor gate_weight_, gate_bias_;
  torch::Tensor gru_input_weight_, gru_input_bias_;
  torch::Tensor gru_state_weight_, gru_state_bias_;
  torch::Tensor output_weight_, output_bias_;
  torch::Tensor embedding_;
  torch::Tensor word_bias_;
  torch::Tensor tag_weight_, tag_bias_;  // undefined where the model has no tags
};

}  // namespace jetsoncaption
