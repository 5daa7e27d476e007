// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions in int8 arithmetic: the decoder of network.h step by step, on oneDNN.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <numeric>
#include <vector>

#include "model/caption_network.h"
#include "model/int8_encoder.h"
#include "model/onednn_kernels.h"

namespace jetsoncaption {
namespace {

// A matrix of the int8 file, with the bias if it has one.
Int8Linear::Matrix matrix(const SafetensorsFile& file, const std::string& name) {
  const TensorView& weight = *file.find(name + ".weight");
  const TensorView* bias = file.find(name + ".bias");
  return {static_cast<const int8_t*>(weight.data),
          static_cast<const float*>(file.find(name + ".weight_scale")->data),
          bias ? static_cast<const float*>(bias->data) : nullptr,
          static_cast<int>(weight.shape[0])};
}

std::vector<float> copy_floats(const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = *file.find(name);
  const auto* data = static_cast<const float*>(view.data);
  return std::vector<float>(data, data + view.elements());
}

constexpr float kLeastAttention = 1e-20F;  // where a word looked at tags only

void softmax(float* values, int count) {
  const float highest = *std::max_element(values, values + count);
  float sum = 0;
  for (int i = 0; i < count; ++i) {
    values[i] = std::exp(values[i] - highest);
    sum += values[i];
  }
  for (int i = 0; i < count; ++i)
    values[i] /= sum;
}

class Int8Network : public CaptionNetwork {
 public:
  explicit Int8Network(const Bundle& bundle)
      : sizes_(bundle.config.decoder),
        places_(bundle.config.grid_width() * bundle.config.grid_height()),
        cells_(places_ + bundle.config.tags.cells),
        vocabulary_size_(bundle.vocabulary.size()),
        encoder_(context_, bundle.config, bundle.weights),
        feature_(context_, bundle.config.encoder.head_channels,
                 {matrix(bundle.weights, "decoder.feature")}),
        initial_(context_, sizes_.feature_size, {matrix(bundle.weights, "decoder.initial")}),
        key_(context_, sizes_.feature_size, {matrix(bundle.weights, "decoder.attention_feature")}),
        state_(
            context_, sizes_.hidden_size,
            {matrix(bundle.weights, "decoder.attention_state"),
             matrix(bundle.weights, "decoder.gate"), matrix(bundle.weights, "decoder.gru_state")}),
        input_(context_, sizes_.embedding_size + sizes_.feature_size,
               {matrix(bundle.weights, "decoder.gru_input")}),
        output_(context_, sizes_.hidden_size + sizes_.feature_size + sizes_.embedding_size,
                {matrix(bundle.weights, "decoder.output")}),
        word_(context_, sizes_.embedding_size, {word_matrix(bundle.weights)}),
        tanh_(context_, dnnl::algorithm::eltwise_tanh),
        logistic_(context_, dnnl::algorithm::eltwise_logistic),
        log_softmax_(context_, vocabulary_size_),
        tag_words_(bundle.tag_words),
        tag_count_(bundle.config.tags.cells),
        windows_(tag_windows(bundle.config.grid_width(), bundle.config.grid_height())),
        grid_width_(bundle.config.grid_width()),
        channels_(bundle.config.encoder.head_channels),
        attention_score_(copy_floats(bundle.weights, "decoder.attention_score.weight")),
        embedding_scale_(copy_floats(bundle.weights, "decoder.embedding.weight_scale")) {
    const TensorView& embedding = *bundle.weights.find("decoder.embedding.weight");
    const auto* words = static_cast<const int8_t*>(embedding.data);
    embedding_.assign(words, words + embedding.elements());
    if (tag_count_ > 0) {
      classifier_ = std::make_unique<Int8Linear>(
          context_, channels_, std::vector<Int8Linear::Matrix>{matrix(bundle.weights, "tags")});
      tag_cell_ = std::make_unique<Int8Linear>(
          context_, sizes_.embedding_size + 1,
          std::vector<Int8Linear::Matrix>{matrix(bundle.weights, "decoder.tag")});
    }
    features_.resize(static_cast<size_t>(cells_ * sizes_.feature_size));
    keys_.resize(static_cast<size_t>(cells_ * sizes_.attention_size));
  }

  int vocabulary_size() const override { return vocabulary_size_; }
  const char* kernels() const override { return "onednn-int8"; }

  void look_at(const uint8_t* rgb) override {
    const uint8_t* encoded = encoder_.encode(rgb);
    // Before the next product: oneDNN may use the encoder's buffers as it likes.
    if (tag_count_ > 0)
      classify(encoded);
    feature_.forward_quantized(encoded, encoder_.output_step(), places_, features_.data());
    if (tag_count_ > 0)
      add_tag_cells();
    for (float& value : features_)
      value = std::max(value, 0.0F);
    key_.forward(features_.data(), cells_, keys_.data());

    std::vector<float>& mean = context_vector_;
    mean.assign(static_cast<size_t>(sizes_.feature_size), 0.0F);
    for (int cell = 0; cell < places_; ++cell)
      add_scaled(feature_row(cell), 1.0F / static_cast<float>(places_), mean.data());
    hidden_.resize(static_cast<size_t>(sizes_.hidden_size));
    initial_.forward(mean.data(), 1, hidden_.data());
    tanh_.forward(hidden_.data(), sizes_.hidden_size);
  }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    const int rows = static_cast<int>(words.size());
    select_hidden(parents);
    resize_scratch(rows);
    state_.forward(hidden_.data(), rows, state_values_.data());
    attend(rows);
    for (int row = 0; row < rows; ++row)
      embed(words[static_cast<size_t>(row)], row);
    update_hidden(rows);

    for (int row = 0; row < rows; ++row) {
      float* joined = at(joined_, row, output_inputs());
      std::copy_n(at(hidden_, row, sizes_.hidden_size), sizes_.hidden_size, joined);
      joined += sizes_.hidden_size;
      const float* word_and_context = at(gru_inputs_, row, gru_inputs());
      std::copy_n(word_and_context + sizes_.embedding_size, sizes_.feature_size, joined);
      std::copy_n(word_and_context, sizes_.embedding_size, joined + sizes_.feature_size);
    }
    output_.forward(joined_.data(), rows, word_vectors_.data());
    log_probabilities.resize(static_cast<size_t>(rows) * static_cast<size_t>(vocabulary_size_));
    word_.forward(word_vectors_.data(), rows, log_probabilities.data());
    log_softmax_.forward(log_probabilities.data(), rows);
  }

  void copy_attention(std::vector<float>& maps) const override {
    const size_t rows = attention_.size() / static_cast<size_t>(cells_);
    maps.clear();
    for (size_t row = 0; row < rows; ++row) {
      const float* first = attention_.data() + row * static_cast<size_t>(cells_);
      const float sum = std::max(std::accumulate(first, first + places_, 0.0F), kLeastAttention);
      std::transform(first, first + places_, std::back_inserter(maps),
                     [sum](float value) { return value / sum; });
    }
  }

  const std::vector<Tag>& tags() const override { return tags_; }

 private:
  // Finds the tags in features [places, channels] as multiples of the encoder's step.
  void classify(const uint8_t* encoded) {
    const auto channels = static_cast<size_t>(channels_);
    window_means_.assign(windows_.size() * channels, 0.0F);
    for (size_t i = 0; i < windows_.size(); ++i) {
      const TagWindow& window = windows_[i];
      sums_.assign(channels, 0);
      for (int y = window.top; y < window.top + window.height; ++y) {
        for (int x = window.left; x < window.left + window.width; ++x) {
          const uint8_t* cell = encoded + static_cast<size_t>(y * grid_width_ + x) * channels;
          for (size_t channel = 0; channel < channels; ++channel)
            sums_[channel] += cell[channel];
        }
      }
      const float factor =
          encoder_.output_step() / static_cast<float>(window.width * window.height);
      for (size_t channel = 0; channel < channels; ++channel)
        window_means_[i * channels + channel] = static_cast<float>(sums_[channel]) * factor;
    }
    tag_scores_.resize(windows_.size() * tag_words_.size());
    classifier_->forward(window_means_.data(), static_cast<int>(windows_.size()),
                         tag_scores_.data());
    tags_ = sort_tags(tag_scores_, tag_words_);
  }

  // Behind the features of the places, before ReLU.
  void add_tag_cells() {
    const auto inputs = static_cast<size_t>(sizes_.embedding_size) + 1;
    const auto count = static_cast<size_t>(tag_count_);
    tag_inputs_.resize(count * inputs);
    for (size_t i = 0; i < count; ++i) {
      float* input = tag_inputs_.data() + i * inputs;
      copy_word_vector(tags_[i].word, input);
      input[inputs - 1] = tags_[i].probability;
    }
    tag_cell_->forward(tag_inputs_.data(), tag_count_, at(features_, places_, sizes_.feature_size));
  }

  // The output layer shares its matrix with the word vectors and has a bias of its own name.
  static Int8Linear::Matrix word_matrix(const SafetensorsFile& file) {
    Int8Linear::Matrix words = matrix(file, "decoder.embedding");
    words.bias = static_cast<const float*>(file.find("decoder.word.bias")->data);
    return words;
  }

  static float* at(std::vector<float>& values, int row, int columns) {
    return values.data() + static_cast<ptrdiff_t>(row) * columns;
  }
  const float* feature_row(int cell) const {
    return features_.data() + static_cast<ptrdiff_t>(cell) * sizes_.feature_size;
  }
  int gru_inputs() const { return sizes_.embedding_size + sizes_.feature_size; }
  int output_inputs() const {
    return sizes_.hidden_size + sizes_.feature_size + sizes_.embedding_size;
  }

  void add_scaled(const float* row, float factor, float* sum) const {
    for (int i = 0; i < sizes_.feature_size; ++i)
      sum[i] += factor * row[i];
  }

  void select_hidden(const std::vector<int>& parents) {
    const int size = sizes_.hidden_size;
    previous_.resize(parents.size() * static_cast<size_t>(size));
    for (size_t row = 0; row < parents.size(); ++row)
      std::copy_n(at(hidden_, parents[row], size), size,
                  at(previous_, static_cast<int>(row), size));
    hidden_.swap(previous_);
  }

  void resize_scratch(int rows) {
    const auto fit = [rows](std::vector<float>& values, int columns) {
      values.resize(static_cast<size_t>(rows) * static_cast<size_t>(columns));
    };
    fit(state_values_, state_.outputs());
    fit(gru_inputs_, gru_inputs());
    fit(input_values_, input_.outputs());
    fit(joined_, output_inputs());
    fit(word_vectors_, sizes_.embedding_size);
    fit(attention_, cells_);
    mixed_.resize(keys_.size());
  }

  // Writes the gated context of every row behind its word vector. state_values_ holds, a row:
  // query [A], gate [F], GRU [3 H].
  void attend(int rows) {
    for (int row = 0; row < rows; ++row) {
      const float* query = at(state_values_, row, state_.outputs());
      float* gate = at(state_values_, row, state_.outputs()) + sizes_.attention_size;
      float* attention = at(attention_, row, cells_);
      for (int cell = 0; cell < cells_; ++cell) {
        const size_t first = static_cast<size_t>(cell) * static_cast<size_t>(sizes_.attention_size);
        for (int i = 0; i < sizes_.attention_size; ++i)
          mixed_[first + static_cast<size_t>(i)] = keys_[first + static_cast<size_t>(i)] + query[i];
      }
      tanh_.forward(mixed_.data(), cells_ * sizes_.attention_size);
      for (int cell = 0; cell < cells_; ++cell) {
        const float* values = at(mixed_, cell, sizes_.attention_size);
        float score = 0;
        for (int i = 0; i < sizes_.attention_size; ++i)
          score += values[i] * attention_score_[static_cast<size_t>(i)];
        attention[cell] = score;
      }
      softmax(attention, cells_);

      context_vector_.assign(static_cast<size_t>(sizes_.feature_size), 0.0F);
      for (int cell = 0; cell < cells_; ++cell)
        add_scaled(feature_row(cell), attention[cell], context_vector_.data());
      logistic_.forward(gate, sizes_.feature_size);
      float* context = at(gru_inputs_, row, gru_inputs()) + sizes_.embedding_size;
      for (int i = 0; i < sizes_.feature_size; ++i)
        context[i] = context_vector_[static_cast<size_t>(i)] * gate[i];
    }
  }

  void embed(int word, int row) { copy_word_vector(word, at(gru_inputs_, row, gru_inputs())); }

  void copy_word_vector(int word, float* vector) const {
    const int8_t* values = embedding_.data() + static_cast<ptrdiff_t>(word) * sizes_.embedding_size;
    const float scale = embedding_scale_[static_cast<size_t>(word)];
    for (int i = 0; i < sizes_.embedding_size; ++i)
      vector[i] = static_cast<float>(values[i]) * scale;
  }

  // The GRU: hidden_ holds the state before and, at the end, after the word.
  void update_hidden(int rows) {
    const int size = sizes_.hidden_size;
    input_.forward(gru_inputs_.data(), rows, input_values_.data());
    for (int row = 0; row < rows; ++row) {
      float* gates = at(input_values_, row, input_.outputs());  // reset, update, candidate
      const float* state =
          at(state_values_, row, state_.outputs()) + sizes_.attention_size + sizes_.feature_size;
      for (int i = 0; i < 2 * size; ++i)
        gates[i] += state[i];
      logistic_.forward(gates, 2 * size);
      float* candidate = gates + 2 * size;
      for (int i = 0; i < size; ++i)
        candidate[i] += gates[i] * state[2 * size + i];
      tanh_.forward(candidate, size);
      float* hidden = at(hidden_, row, size);
      for (int i = 0; i < size; ++i)
        hidden[i] = candidate[i] + gates[size + i] * (hidden[i] - candidate[i]);
    }
  }

  const DecoderConfig sizes_;
  const int places_;  // of the grid
  const int cells_;   // those and the tags
  const int vocabulary_size_;
  OnednnContext context_;
  Int8Encoder encoder_;
  Int8Linear feature_, initial_, key_, state_, input_, output_, word_;
  Elementwise tanh_;
  Elementwise logistic_;
  LogSoftmax log_softmax_;
  const std::vector<int> tag_words_;  // of each class
  const int tag_count_;               // 0: the model has no tags
  const std::vector<TagWindow> windows_;
  const int grid_width_;
  const int channels_;  // of the encoder's features
  std::unique_ptr<Int8Linear> classifier_, tag_cell_;
  const std::vector<float> attention_score_;
  std::vector<int8_t> embedding_;  // [V, E]
  const std::vector<float> embedding_scale_;

  // Of the picture that is described.
  std::vector<float> features_;  // [cells, F]
  std::vector<float> keys_;      // [cells, A]
  std::vector<Tag> tags_;
  std::vector<float> hidden_;  // [rows, H]

  // Scratch, kept so that captions allocate nothing.
  std::vector<float> previous_, state_values_, gru_inputs_, input_values_, joined_, word_vectors_;
  std::vector<float> mixed_, context_vector_;
  std::vector<float> window_means_, tag_scores_, tag_inputs_;
  std::vector<int> sums_;
  std::vector<float> attention_;  // [rows, cells], of the newest step
};

}  // namespace

std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle) {
  if (!has_fast_int8() || !Int8Encoder::is_exact(bundle.config))
    return nullptr;
  return std::make_unique<Int8Network>(bundle);
}

}  // namespace jetsoncaption
