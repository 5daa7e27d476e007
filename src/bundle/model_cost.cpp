// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks through the layers of a network and adds up multiply-adds and bytes.
#include "bundle/model_cost.h"

#include <algorithm>

#include "bundle/bundle.h"
#include "bundle/tag_windows.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kHeaderBytes = 125;  // of a tensor in the header of the file, at most
constexpr int64_t kFloat = 4;
constexpr int64_t kInt8Channels = 32;  // int8 kernels pad to a multiple of it

// Adds up the layers of a network.
class CostSum {
 public:
  // `picture` and `word`: how often the layer is computed for each.
  void add(int64_t out, int64_t in, int64_t picture, int64_t word) {
    cost_.picture_macs += out * in * picture;
    cost_.word_macs += out * in * word;
    cost_.weight_bytes += out * in + 2 * out * kFloat + 3 * kHeaderBytes;
  }
  void add_convolution(int64_t out, int64_t in, int64_t kernel, int64_t places) {
    add(out, in * kernel * kernel, places, 0);
    cost_.weight_bytes += kFloat + kHeaderBytes;
  }
  void add_macs_of_word(int64_t count) { cost_.word_macs += count; }
  void add_floats(int64_t count) { cost_.weight_bytes += count * kFloat; }

  const ModelCost& cost() const { return cost_; }

 private:
  ModelCost cost_;
};

int64_t half(int64_t side) {
  return (side + 1) / 2;
}

void add_encoder(const ModelConfig& config, CostSum& sum) {
  int64_t width = half(config.input_width);
  int64_t height = half(config.input_height);
  sum.add_convolution(config.encoder.stem_channels, 3, 3, width * height);
  int64_t last = config.encoder.stem_channels;
  for (const BlockConfig& block : config.encoder.blocks) {
    if (block.has_expansion())
      sum.add_convolution(block.hidden_channels, block.in_channels, 1, width * height);
    if (block.stride == 2) {
      width = half(width);
      height = half(height);
    }
    sum.add_convolution(block.hidden_channels, 1, block.kernel, width * height);
    sum.add_convolution(block.out_channels, block.hidden_channels, 1, width * height);
    last = block.out_channels;
  }
  sum.add_convolution(config.encoder.head_channels, last, 1, width * height);
}

// Of the channels at one place.
int64_t channel_bytes(int64_t channels) {
  return std::max(channels * kFloat,
                  (channels + kInt8Channels - 1) / kInt8Channels * kInt8Channels);
}

// The most that there is at one time while the encoder runs: what a block reads, all that it makes,
// and at stride 2 the copy with an edge.
int64_t encoder_bytes(const ModelConfig& config) {
  int64_t places = int64_t{1} * config.input_width * config.input_height;
  int64_t next_places = places / 4;
  int64_t last = channel_bytes(config.encoder.stem_channels);
  int64_t most = 3 * kFloat * 2 * places + last * next_places;
  for (const BlockConfig& block : config.encoder.blocks) {
    places = next_places;
    next_places = block.stride == 2 ? places / 4 : places;
    const int64_t hidden = channel_bytes(block.hidden_channels);
    const int64_t copies = (block.has_expansion() ? 1 : 0) + (block.stride == 2 ? 1 : 0);
    const int64_t out = channel_bytes(block.out_channels);
    most = std::max(most, (last + copies * hidden) * places + (hidden + out) * next_places);
    last = out;
  }
  return std::max(most, (last + 2 * channel_bytes(config.encoder.head_channels)) * next_places);
}

// Features and keys of each cell; and for each sentence that is compared its look at them and the
// scores of all words, each computed from another of that size.
int64_t decoder_bytes(const ModelConfig& config, int64_t words) {
  const int64_t cells = int64_t{1} * config.grid_width() * config.grid_height() + config.tags.cells;
  const int64_t attention = config.decoder.attention_size;
  return kFloat * (cells * (config.decoder.feature_size + attention) +
                   kMostSentences * 2 * (cells * attention + words));
}

// 29.4 G, 12.0 M
std::string short_number(int64_t number) {
  const bool is_large = number >= 1'000'000'000;
  const int64_t tenths = number / (is_large ? 100'000'000 : 100'000);
  return std::to_string(tenths / 10) + (is_large ? "." + std::to_string(tenths % 10) + " G" : " M");
}

std::string megabytes(int64_t bytes) {
  return std::to_string(bytes >> 20) + " MB";
}

}  // namespace

ModelCost cost_of(const ModelConfig& config, int words) {
  const int64_t channels = config.encoder.head_channels;
  const int64_t features = config.decoder.feature_size;
  const int64_t attention = config.decoder.attention_size;
  const int64_t embedding = config.decoder.embedding_size;
  const int64_t hidden = config.decoder.hidden_size;
  const int64_t places = int64_t{1} * config.grid_width() * config.grid_height();
  const int64_t cells = places + config.tags.cells;
  CostSum sum;
  add_encoder(config, sum);
  sum.add(features, channels, places, 0);
  sum.add(hidden, features, 1, 0);
  sum.add(attention, features, cells, 0);
  sum.add(attention, hidden, 0, 1);
  sum.add(1, attention, 0, cells);
  sum.add_floats(attention);  // these are no int8
  sum.add_macs_of_word(features * cells);
  sum.add(features, hidden, 0, 1);
  sum.add(3 * hidden, embedding + features, 0, 1);
  sum.add(3 * hidden, hidden, 0, 1);
  sum.add(embedding, hidden + features + embedding, 0, 1);
  sum.add(words, embedding, 0, 1);
  if (config.tags.classes > 0) {
    const auto windows = tag_windows(config.grid_width(), config.grid_height()).size();
    sum.add(config.tags.classes, channels, static_cast<int64_t>(windows), 0);
    sum.add(features, embedding + 1, config.tags.cells, 0);
  }
  return sum.cost();
}

int64_t activation_bytes(const ModelConfig& config, int words) {
  return std::max(encoder_bytes(config), decoder_bytes(config, words));
}

Result<void> check_cost(const ModelConfig& config, int words, const std::string& file) {
  const auto refuse = [&file](const std::string& what, const std::string& most) {
    return Error{
        ErrorKind::CorruptModel,
        file + " asks for " + what + "; at most " + most +
            " are allowed. Use a model with a smaller input, fewer channels or fewer words"};
  };
  const ModelCost cost = cost_of(config, words);
  if (cost.picture_macs > kMostPictureMacs) {
    return refuse(short_number(cost.picture_macs) + " multiply-adds for each picture",
                  short_number(kMostPictureMacs));
  }
  if (cost.word_macs > kMostWordMacs) {
    return refuse(short_number(cost.word_macs) + " multiply-adds for each word",
                  short_number(kMostWordMacs));
  }
  const int64_t activations = activation_bytes(config, words);
  if (activations > kMostActivationBytes) {
    return refuse(megabytes(activations) + " of memory for each picture",
                  megabytes(kMostActivationBytes));
  }
  int64_t weights = 0;
  for (const auto& item : expected_tensors(config, words, WeightFile::Master))
    weights += TensorView{DataType::F32, item.second.shape, nullptr}.elements();
  if (weights > kMostWeights)
    return refuse(short_number(weights) + " weights", short_number(kMostWeights));
  return {};
}

}  // namespace jetsoncaption
