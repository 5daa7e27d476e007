// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention, a GRU and the word layer, a row a sentence.
#include "int8/decoder.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace jetsoncaption {
namespace {

constexpr float kLeastAttention = 1e-20F;  // where a word looked at tags only

float* at(std::vector<float>& values, int row, int columns) {
  return values.data() + static_cast<ptrdiff_t>(row) * columns;
}

void fit(std::vector<float>& values, int rows, int columns) {
  values.resize(static_cast<size_t>(rows) * static_cast<size_t>(columns));
}

}  // namespace

Int8Decoder::Layers::Layers(const Int8Kernels& kernels, const Bundle& bundle)
    : feature(kernels, bundle.weights, "decoder.feature"),
      initial(kernels, bundle.weights, "decoder.initial"),
      key(kernels, bundle.weights, "decoder.attention_feature"),
      query(kernels, bundle.weights, "decoder.attention_state"),
      gate(kernels, bundle.weights, "decoder.gate"),
      state(kernels, bundle.weights, "decoder.gru_state"),
      input(kernels, bundle.weights, "decoder.gru_input"),
      output(kernels, bundle.weights, "decoder.output"),
      // Shares its matrix with the word vectors.
      word(kernels, bundle.weights, "decoder.embedding", "decoder.word.bias"),
      attention_score(
          static_cast<const float*>(bundle.weights.find("decoder.attention_score.weight")->data)) {
  if (bundle.config.tags.cells > 0)
    tag.emplace_back(kernels, bundle.weights, "decoder.tag");
}

Int8Decoder::Int8Decoder(const Int8Kernels& kernels, const Bundle& bundle)
    : kernels_(kernels),
      sizes_(bundle.config.decoder),
      places_(bundle.config.grid_width() * bundle.config.grid_height()),
      tag_count_(bundle.config.tags.cells),
      cells_(places_ + tag_count_),
      layers_(std::make_shared<const Layers>(kernels, bundle)) {
  fit(features_, cells_, sizes_.feature_size);
  fit(keys_, cells_, sizes_.attention_size);
}

void Int8Decoder::start(const uint8_t* encoded, int stride, float step,
                        const std::vector<Tag>& tags) {
  same_steps_.assign(static_cast<size_t>(places_), step);
  layers_->feature.forward(encoded, stride, same_steps_.data(), places_, features_.data());
  if (tag_count_ > 0)
    add_tag_cells(tags);
  for (float& value : features_)
    value = std::max(value, 0.0F);
  quantized_.assign(kernels_, features_.data(), cells_, sizes_.feature_size);
  layers_->key.forward(quantized_, keys_.data());

  mean_.assign(static_cast<size_t>(sizes_.feature_size), 0.0F);
  for (int cell = 0; cell < places_; ++cell) {
    kernels_.add_scaled(at(features_, cell, sizes_.feature_size),
                        1.0F / static_cast<float>(places_), sizes_.feature_size, mean_.data());
  }
  fit(hidden_, 1, sizes_.hidden_size);
  quantized_.assign(kernels_, mean_.data(), 1, sizes_.feature_size);
  layers_->initial.forward(quantized_, hidden_.data());
  kernels_.tangent(hidden_.data(), sizes_.hidden_size);
}

// Behind the features of the places, before ReLU.
void Int8Decoder::add_tag_cells(const std::vector<Tag>& tags) {
  const int inputs = sizes_.embedding_size + 1;
  fit(tag_inputs_, tag_count_, inputs);
  for (int i = 0; i < tag_count_; ++i) {
    const Tag& tag = tags[static_cast<size_t>(i)];
    float* input = at(tag_inputs_, i, inputs);
    layers_->word.copy_row(tag.word, input);
    input[sizes_.embedding_size] = tag.probability;
  }
  quantized_.assign(kernels_, tag_inputs_.data(), tag_count_, inputs);
  layers_->tag.front().forward(quantized_, at(features_, places_, sizes_.feature_size));
}

void Int8Decoder::step(const std::vector<int>& parents, const std::vector<int>& words,
                       std::vector<float>& log_probabilities) {
  const int rows = static_cast<int>(words.size());
  select_hidden(parents);
  resize_scratch(rows);
  quantized_.assign(kernels_, hidden_.data(), rows, sizes_.hidden_size);
  layers_->query.forward(quantized_, queries_.data());
  layers_->gate.forward(quantized_, gates_.data());
  layers_->state.forward(quantized_, state_values_.data());
  for (int row = 0; row < rows; ++row) {
    layers_->word.copy_row(words[static_cast<size_t>(row)], at(gru_inputs_, row, gru_inputs()));
    attend(row);
  }
  update_hidden(rows);
  for (int row = 0; row < rows; ++row)
    join(row);
  quantized_.assign(kernels_, joined_.data(), rows, layers_->output.inputs());
  layers_->output.forward(quantized_, word_vectors_.data());

  fit(log_probabilities, rows, vocabulary_size());
  quantized_.assign(kernels_, word_vectors_.data(), rows, sizes_.embedding_size);
  layers_->word.forward(quantized_, log_probabilities.data());
  for (int row = 0; row < rows; ++row)
    kernels_.log_softmax(at(log_probabilities, row, vocabulary_size()), vocabulary_size());
}

void Int8Decoder::select_hidden(const std::vector<int>& parents) {
  const int size = sizes_.hidden_size;
  const int rows = static_cast<int>(parents.size());
  fit(previous_, rows, size);
  for (int row = 0; row < rows; ++row)
    std::copy_n(at(hidden_, parents[static_cast<size_t>(row)], size), size,
                at(previous_, row, size));
  hidden_.swap(previous_);
}

void Int8Decoder::resize_scratch(int rows) {
  fit(queries_, rows, sizes_.attention_size);
  fit(gates_, rows, sizes_.feature_size);
  fit(state_values_, rows, layers_->state.outputs());
  fit(gru_inputs_, rows, gru_inputs());
  fit(input_values_, rows, layers_->input.outputs());
  fit(joined_, rows, layers_->output.inputs());
  fit(word_vectors_, rows, sizes_.embedding_size);
  fit(attention_, rows, cells_);
}

// Writes the gated context behind the word vector.
void Int8Decoder::attend(int row) {
  kernels_.attend({keys_.data(), at(queries_, row, sizes_.attention_size), layers_->attention_score,
                   features_.data(), at(gates_, row, sizes_.feature_size), cells_,
                   sizes_.attention_size, sizes_.feature_size, at(attention_, row, cells_),
                   at(gru_inputs_, row, gru_inputs()) + sizes_.embedding_size});
}

// hidden_ holds the state before and, at the end, after the word.
void Int8Decoder::update_hidden(int rows) {
  quantized_.assign(kernels_, gru_inputs_.data(), rows, gru_inputs());
  layers_->input.forward(quantized_, input_values_.data());
  for (int row = 0; row < rows; ++row) {
    kernels_.update_state(at(input_values_, row, layers_->input.outputs()),
                          at(state_values_, row, layers_->state.outputs()), sizes_.hidden_size,
                          at(hidden_, row, sizes_.hidden_size));
  }
}

// State, context and word vector, beside each other.
void Int8Decoder::join(int row) {
  float* joined = at(joined_, row, layers_->output.inputs());
  const float* word_and_context = at(gru_inputs_, row, gru_inputs());
  joined = std::copy_n(at(hidden_, row, sizes_.hidden_size), sizes_.hidden_size, joined);
  joined = std::copy_n(word_and_context + sizes_.embedding_size, sizes_.feature_size, joined);
  std::copy_n(word_and_context, sizes_.embedding_size, joined);
}

void Int8Decoder::copy_attention(std::vector<float>& maps) const {
  const size_t rows = attention_.size() / static_cast<size_t>(cells_);
  maps.clear();
  for (size_t row = 0; row < rows; ++row) {
    const float* first = attention_.data() + row * static_cast<size_t>(cells_);
    const float sum = std::max(std::accumulate(first, first + places_, 0.0F), kLeastAttention);
    std::transform(first, first + places_, std::back_inserter(maps),
                   [sum](float value) { return value / sum; });
  }
}

}  // namespace jetsoncaption
