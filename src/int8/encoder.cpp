// SPDX-License-Identifier: LGPL-2.1-or-later
// Lays out the encoder's layers once and runs them for each picture.
#include "int8/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace jetsoncaption {
namespace {

// Buffers: a block reads one of the first two and writes the other, or, with a residual, the same.
constexpr int kExpanded = 2;
constexpr int kFiltered = 3;

constexpr int kSignedZero = 128;
constexpr int kStemInputs = 27;  // 3 rows of 3 pixels of 3 channels
constexpr int kStemStride = 32;
constexpr size_t kStemCopy = 16;  // bytes that are copied for 9, which is one instruction

const float* floats(const SafetensorsFile& file, const std::string& name) {
  return static_cast<const float*>(file.find(name)->data);  // checked when the bundle was opened
}

// [outputs, channel, row, column] -> [outputs, row, column, channel], as pixels lie.
std::vector<int8_t> stem_weights(const int8_t* stored, int outputs) {
  std::vector<int8_t> weights(static_cast<size_t>(outputs) * kStemInputs);
  for (size_t output = 0; output < static_cast<size_t>(outputs); ++output) {
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t tap = 0; tap < 9; ++tap) {
        weights[output * kStemInputs + tap * 3 + channel] =
            stored[output * kStemInputs + channel * 9 + tap];
      }
    }
  }
  return weights;
}

// [channels, row, column] -> [channels, column, row]
std::vector<int8_t> by_columns(const int8_t* stored, int channels, int kernel) {
  std::vector<int8_t> filters;
  for (int channel = 0; channel < channels; ++channel, stored += kernel * kernel) {
    for (int column = 0; column < kernel; ++column) {
      for (int row = 0; row < kernel; ++row)
        filters.push_back(stored[row * kernel + column]);
    }
  }
  return filters;
}

size_t bytes_of(int height, int width, int stride) {
  return static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(stride);
}

}  // namespace

Int8Encoder::Int8Encoder(const Int8Kernels& kernels, const ModelConfig& config,
                         const SafetensorsFile& file)
    : kernels_(kernels), layout_(std::make_shared<const Layout>(kernels, config, file)) {}

Int8Encoder::Layout::Layout(const Int8Kernels& kernels, const ModelConfig& config,
                            const SafetensorsFile& file) {
  prepare_input(config);
  Activation x = output;

  LayerShape stem;
  stem.outputs = config.encoder.stem_channels;
  stem.kernel = 3;
  stem.stride = 2;
  stem.buffer = 1;
  x = add_layer(kernels, file, "encoder.stem", x, stem);

  for (size_t i = 0; i < config.encoder.blocks.size(); ++i) {
    const BlockConfig& block = config.encoder.blocks[i];
    const std::string name = "encoder.blocks." + std::to_string(i);
    Activation hidden = x;
    if (block.has_expansion()) {
      LayerShape expand;
      expand.outputs = block.hidden_channels;
      expand.buffer = kExpanded;
      hidden = add_layer(kernels, file, name + ".expand", hidden, expand);
    }
    LayerShape filter;
    filter.outputs = block.hidden_channels;
    filter.kernel = block.kernel;
    filter.stride = block.stride;
    filter.depthwise = true;
    filter.buffer = kFiltered;
    hidden = add_layer(kernels, file, name + ".depthwise", hidden, filter);

    LayerShape project;
    project.outputs = block.out_channels;
    project.relu6 = false;
    project.residual = block.residual;
    project.added = x;
    project.buffer = block.residual ? x.buffer : 1 - x.buffer;
    x = add_layer(kernels, file, name + ".project", hidden, project);
  }

  LayerShape head;
  head.outputs = config.encoder.head_channels;
  head.buffer = kExpanded;
  output = add_layer(kernels, file, "encoder.head", x, head);
}

// The table from pixels to steps, and what the stem reads.
void Int8Encoder::Layout::prepare_input(const ModelConfig& config) {
  float range = 0;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (const float pixel : {0.0F, 255.0F}) {
      range = std::max(
          range, std::fabs((pixel - config.input_mean[channel]) * config.input_scale[channel]));
    }
  }
  output.step = range / 127.0F;
  output.zero_point = kSignedZero;
  output.channels = 3;
  output.stride = kStemStride;
  output.height = config.input_height;
  output.width = config.input_width;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const float value = (static_cast<float>(pixel) - config.input_mean[channel]) *
                          config.input_scale[channel] / output.step;
      input_table[channel][static_cast<size_t>(pixel)] =
          static_cast<uint8_t>(std::lround(value) + kSignedZero);
    }
  }
}

Int8Encoder::Activation Int8Encoder::Layout::add_layer(const Int8Kernels& kernels,
                                                       const SafetensorsFile& file,
                                                       const std::string& name,
                                                       const Activation& input,
                                                       const LayerShape& shape) {
  Layer layer;
  layer.name = name;
  layer.shape = shape;
  layer.input = input;
  Activation& made = layer.output;
  made.channels = shape.outputs;
  made.stride = round_up(shape.outputs, kChannelBlock);
  made.height = input.height / shape.stride;
  made.width = input.width / shape.stride;
  made.step = *floats(file, name + ".output_scale");
  made.zero_point = shape.relu6 ? 0 : kSignedZero;
  made.buffer = shape.buffer;

  const TensorView& stored = *file.find(name + ".weight");
  const auto* weights = static_cast<const int8_t*>(stored.data);
  const int inputs = static_cast<int>(stored.elements()) / shape.outputs;
  std::vector<int8_t> reordered;
  if (layers.empty()) {
    reordered = stem_weights(weights, shape.outputs);
    weights = reordered.data();
  }
  if (!shape.depthwise) {
    layer.weights = pack_weights(weights, shape.outputs, inputs, kernels.weight_group);
    layer.has_lowest =
        std::find(layer.weights.begin(), layer.weights.end(), -128) != layer.weights.end();
  } else {
    layer.set_filters(by_columns(weights, shape.outputs, shape.kernel), kernels.depthwise_group);
  }

  const float* weight_scales = floats(file, name + ".weight_scale");
  const float* bias = floats(file, name + ".bias");
  // Kernels count what is added from the zero of projections; that of the stem is another.
  const float residual_shift = shape.residual
                                   ? static_cast<float>(kSignedZero - shape.added.zero_point) *
                                         (shape.added.step / made.step)
                                   : 0.0F;
  const auto padded = static_cast<size_t>(made.stride);
  layer.offsets.resize(padded);
  layer.scales.resize(padded);
  layer.bias.resize(padded);
  for (size_t i = 0; i < static_cast<size_t>(shape.outputs); ++i) {
    int32_t sum = 0;
    for (size_t k = 0; k < static_cast<size_t>(inputs); ++k)
      sum += weights[i * static_cast<size_t>(inputs) + k];
    layer.offsets[i] = ((shape.depthwise ? 0 : kernels.input_shift) - input.zero_point) * sum;
    layer.scales[i] = input.step * weight_scales[i] / made.step;
    layer.bias[i] = bias[i] / made.step + residual_shift;
  }
  const Activation result = made;
  layers.push_back(std::move(layer));
  return result;
}

// The order of taps does not matter to their sums.
void Int8Encoder::Layer::set_filters(const std::vector<int8_t>& filters, int group) {
  if (group == 4) {
    weights = pack_quads(filters.data(), shape.outputs, shape.kernel);
    return;
  }
  const int taps = shape.kernel * shape.kernel;
  const auto packed = pack_weights(filters.data(), shape.outputs, taps, group);
  wide_filters.assign(packed.begin(), packed.end());
}

Requantization Int8Encoder::Layer::requantization() const {
  const float residual_scale = shape.residual ? shape.added.step / output.step : 0.0F;
  return {offsets.data(), scales.data(), bias.data(), output.zero_point, residual_scale};
}

// How many the filters of a row cover.
int Int8Encoder::columns_of(const Layer& layer) {
  return (layer.output.width - 1) * layer.shape.stride + layer.shape.kernel;
}

void Int8Encoder::allocate() {
  std::array<size_t, 4> bytes{};
  size_t widest = kStemStride;
  size_t places = 0;
  const Activation& input = layout_->layers.front().input;
  for (const Layer& layer : layout_->layers) {
    size_t& most = bytes[static_cast<size_t>(layer.output.buffer)];
    most = std::max(most, bytes_of(layer.output.height, layer.output.width, layer.output.stride));
    widest = std::max(widest, static_cast<size_t>(layer.output.stride));
    places = std::max(places, bytes_of(1, columns_of(layer), layer.shape.kernel));
  }
  for (size_t i = 0; i < buffers_.size(); ++i)
    buffers_[i].resize(bytes[i]);
  stem_row_.resize(bytes_of(1, input.width / 2, kStemStride) + kStemCopy);
  places_.resize(places);
  zeros_.assign(widest, 0);
  half_range_.assign(widest, kSignedZero);
  scratch_.resize(pointwise_scratch(static_cast<int>(widest)));
  // Last: encode() sees by it that all the others are there, also after memory ran out here.
  image_.assign(bytes_of(input.height + 1, input.width + 1, 3) + kStemCopy, kSignedZero);
}

const uint8_t* Int8Encoder::encode(const uint8_t* rgb) {
  if (image_.empty())
    allocate();
  run_stem(rgb);
  for (size_t i = 1; i < layout_->layers.size(); ++i) {
    if (layout_->layers[i].shape.depthwise)
      run_depthwise(layout_->layers[i]);
    else
      run_pointwise(layout_->layers[i]);
  }
  return buffer(layout_->output);
}

void Int8Encoder::run_stem(const uint8_t* rgb) {
  const Layer& stem = layout_->layers.front();
  uint8_t* image = image_.data();
  for (int y = 0; y < stem.input.height; ++y) {
    for (int x = 0; x < stem.input.width; ++x, image += 3, rgb += 3) {
      for (size_t channel = 0; channel < 3; ++channel)
        image[channel] = layout_->input_table[channel][rgb[channel]];
    }
    image += 3;  // the column after the last stays at zero
  }
  for (int row = 0; row < stem.output.height; ++row) {
    gather_stem_row(row);
    uint8_t* output = buffer(stem.output) + bytes_of(row, stem.output.width, stem.output.stride);
    kernels_.pointwise({stem_row_.data(), stem.output.width, kStemInputs, kStemStride,
                        stem.weights.data(), stem.has_lowest, stem.output.stride,
                        stem.requantization(), nullptr, output, scratch_.data()});
  }
}

// TensorFlow's SAME at stride 2: no row before the first, one after the last.
void Int8Encoder::gather_stem_row(int row) {
  const Layer& stem = layout_->layers.front();
  const size_t line = bytes_of(1, stem.input.width + 1, 3);
  const uint8_t* image = image_.data() + 2 * static_cast<size_t>(row) * line;
  uint8_t* inputs = stem_row_.data();
  for (int x = 0; x < stem.output.width; ++x, image += 6, inputs += kStemStride) {
    // Each copy overwrites what the one before has too much.
    std::memcpy(inputs, image, kStemCopy);
    std::memcpy(inputs + 9, image + line, kStemCopy);
    std::memcpy(inputs + 18, image + 2 * line, kStemCopy);
  }
}

void Int8Encoder::run_pointwise(const Layer& layer) {
  const uint8_t* residual = layer.shape.residual ? buffer(layer.shape.added) : nullptr;
  kernels_.pointwise({buffer(layer.input), layer.output.height * layer.output.width,
                      layer.input.channels, layer.input.stride, layer.weights.data(),
                      layer.has_lowest, layer.output.stride, layer.requantization(), residual,
                      buffer(layer.output), scratch_.data()});
}

void Int8Encoder::run_depthwise(const Layer& layer) {
  for (int row = 0; row < layer.output.height; ++row) {
    find_places(layer, row);
    uint8_t* output = buffer(layer.output) + bytes_of(row, layer.output.width, layer.output.stride);
    kernels_.depthwise({places_.data(), layer.output.width, layer.shape.kernel, layer.shape.stride,
                        layer.output.stride, layer.wide_filters.data(), layer.weights.data(),
                        layer.requantization(), output});
  }
}

// What the filters of a row cover. TensorFlow's SAME: at stride 2 one row and column less before
// than after.
void Int8Encoder::find_places(const Layer& layer, int row) {
  const Activation& input = layer.input;
  const int kernel = layer.shape.kernel;
  const int before = kernel / 2 - (layer.shape.stride - 1);
  const int top = row * layer.shape.stride - before;
  const uint8_t* picture = buffer(input);
  const uint8_t* outside = input.zero_point == 0 ? zeros_.data() : half_range_.data();
  const uint8_t** place = places_.data();
  for (int x = -before; x < columns_of(layer) - before; ++x) {
    for (int y = top; y < top + kernel; ++y) {
      const bool is_inside = y >= 0 && y < input.height && x >= 0 && x < input.width;
      *place++ = is_inside ? picture + bytes_of(y, input.width, input.stride) +
                                 bytes_of(1, x, input.stride)
                           : outside;
    }
  }
}

}  // namespace jetsoncaption
