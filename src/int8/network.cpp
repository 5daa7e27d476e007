// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions in int8 arithmetic, on every processor the same.
#include "int8/network.h"

#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "bundle/file_names.h"
#include "int8/decoder.h"
#include "int8/encoder.h"

#include <sys/stat.h>

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
      tagger_.emplace(kernels, bundle);
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
  std::optional<Int8Tagger> tagger_;  // where the model has tags
  std::vector<Tag> tags_;
};

Int8Network lay_out(const Bundle& bundle) {
  const Int8Kernels& kernels = chosen_int8_kernels();
  return {kernels, Int8Encoder(kernels, bundle.config, bundle.weights), bundle};
}

class SharedModel : public Int8Model {
 public:
  explicit SharedModel(const std::shared_ptr<Bundle>& bundle)
      : bundle_(bundle), network_(lay_out(*bundle)) {
    give_back_int8_copies(*bundle);
  }

  const std::shared_ptr<const Bundle>& bundle() const override { return bundle_; }
  std::unique_ptr<CaptionNetwork> make_network() const override {
    return std::make_unique<Int8Network>(network_);
  }

 private:
  const std::shared_ptr<const Bundle> bundle_;
  const Int8Network network_;
};

// What changes when a file is replaced, or written anew.
std::string identity_of(const std::string& directory) {
  std::string identity;
  for (const char* file : {"config.json", "vocabulary.txt", "tags.txt", kInt8WeightsName}) {
    struct stat status = {};
    if (stat((directory + "/" + file).c_str(), &status) == 0) {
      for (const int64_t part :
           {static_cast<int64_t>(status.st_dev), static_cast<int64_t>(status.st_ino),
            static_cast<int64_t>(status.st_size), static_cast<int64_t>(status.st_mtim.tv_sec),
            static_cast<int64_t>(status.st_mtim.tv_nsec)})
        identity += std::to_string(part) + " ";
    }
    identity += "; ";
  }
  return identity + chosen_int8_kernels().network_name;
}

}  // namespace

std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle) {
  return std::make_unique<Int8Network>(lay_out(bundle));
}

Result<std::shared_ptr<const Int8Model>> open_int8_model(const std::string& directory) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const Int8Model>> models;
  const std::lock_guard<std::mutex> lock(mutex);
  for (auto at = models.begin(); at != models.end();)
    at = at->second.expired() ? models.erase(at) : std::next(at);
  const std::string identity = identity_of(directory);
  const auto found = models.find(identity);
  if (found != models.end()) {
    if (auto model = found->second.lock())
      return model;
  }
  auto opened = open_bundle(directory, WeightFile::Int8);
  if (!opened.ok())
    return opened.error();
  std::shared_ptr<const Int8Model> model =
      std::make_shared<SharedModel>(std::make_shared<Bundle>(std::move(opened.value())));
  models[identity] = model;
  return model;
}

void give_back_int8_copies(Bundle& bundle) {
  bundle.weights.give_back(
      [](const std::string& name, const TensorView&) { return starts_with(name, "encoder."); });
}

}  // namespace jetsoncaption
