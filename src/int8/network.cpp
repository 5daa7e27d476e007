// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions in int8 arithmetic, on every processor the same.
#include "int8/network.h"

#include <string>
#include <utility>
#include <vector>

#include "int8/decoder.h"
#include "int8/encoder.h"

namespace jetsoncaption {
namespace {

// Finds the tags in what the encoder sees.
class Int8Tagger {
 public:
  Int8Tagger(const Int8Kernels& kernels, const Bundle& bundle)
      : kernels_(kernels),
        classes_(kernels, bundle.weights, "tags"),
        words_(bundle.tag_words),
        windows_(tag_windows(bundle.config.grid_width(), bundle.config.grid_height())),
        grid_width_(bundle.config.grid_width()) {}

  // encoded [places, stride] * step.
  std::vector<Tag> find(const uint8_t* encoded, int stride, float step) {
    const auto channels = static_cast<size_t>(classes_.inputs());
    means_.resize(windows_.size() * channels);
    for (size_t i = 0; i < windows_.size(); ++i)
      average(windows_[i], encoded, stride, step, means_.data() + i * channels);
    const int rows = static_cast<int>(windows_.size());
    quantized_.assign(kernels_, means_.data(), rows, classes_.inputs());
    scores_.resize(windows_.size() * words_.size());
    classes_.forward(quantized_, scores_.data());
    return sort_tags(scores_, words_);
  }

 private:
  void average(const TagWindow& window, const uint8_t* encoded, int stride, float step,
               float* mean) {
    sums_.assign(static_cast<size_t>(classes_.inputs()), 0);
    for (int y = window.top; y < window.top + window.height; ++y) {
      for (int x = window.left; x < window.left + window.width; ++x) {
        const uint8_t* cell = encoded + static_cast<ptrdiff_t>(y * grid_width_ + x) * stride;
        for (size_t channel = 0; channel < sums_.size(); ++channel)
          sums_[channel] += cell[channel];
      }
    }
    const float factor = step / static_cast<float>(window.width * window.height);
    for (size_t channel = 0; channel < sums_.size(); ++channel)
      mean[channel] = static_cast<float>(sums_[channel]) * factor;
  }

  const Int8Kernels& kernels_;
  const Int8Linear classes_;
  const std::vector<int> words_;  // of each class
  const std::vector<TagWindow> windows_;
  const int grid_width_;
  QuantizedRows quantized_;
  std::vector<float> means_, scores_;
  std::vector<int> sums_;
};

class Int8Network : public CaptionNetwork {
 public:
  Int8Network(const Int8Kernels& kernels, Int8Encoder encoder, const Bundle& bundle)
      : kernels_(kernels), encoder_(std::move(encoder)), decoder_(kernels, bundle) {
    if (bundle.config.tags.classes > 0)
      tagger_ = std::make_unique<Int8Tagger>(kernels, bundle);
  }

  int vocabulary_size() const override { return decoder_.vocabulary_size(); }
  const char* kernels() const override { return kernels_.network_name; }

  void look_at(const uint8_t* rgb) override {
    const uint8_t* encoded = encoder_.encode(rgb);
    if (tagger_)
      tags_ = tagger_->find(encoded, encoder_.stride(), encoder_.output_step());
    decoder_.start(encoded, encoder_.stride(), encoder_.output_step(), tags_);
  }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    decoder_.step(parents, words, log_probabilities);
  }
  void copy_attention(std::vector<float>& maps) const override { decoder_.copy_attention(maps); }
  const std::vector<Tag>& tags() const override { return tags_; }

 private:
  const Int8Kernels& kernels_;
  Int8Encoder encoder_;
  Int8Decoder decoder_;
  std::unique_ptr<Int8Tagger> tagger_;  // nullptr where the model has no tags
  std::vector<Tag> tags_;
};

}  // namespace

std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle) {
  const Int8Kernels& kernels = chosen_int8_kernels();
  Int8Encoder encoder(kernels, bundle.config, bundle.weights);
  return std::make_unique<Int8Network>(kernels, std::move(encoder), bundle);
}

void give_back_int8_copies(Bundle& bundle) {
  bundle.weights.give_back([](const std::string& name, const TensorView&) {
    return name.compare(0, std::string("encoder.").size(), "encoder.") == 0;
  });
}

}  // namespace jetsoncaption
