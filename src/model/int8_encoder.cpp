// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds the chain of oneDNN convolutions and runs it.
#include "model/int8_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace jetsoncaption {
namespace {

using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

// Buffers: a block reads one of the first two and writes the other, or, with a residual, the same.
constexpr int kExpanded = 2;
constexpr int kFiltered = 3;

// oneDNN 3 adds wrong numbers to the outputs of a convolution of 3x3 with channels, going in or
// coming out, that are no multiple of this (seen with 3.7 on AVX-512, not with 2.6). Only the first
// layer is one: its input gets channels that are 0.
constexpr int kExactChannels = DNNL_VERSION_MAJOR >= 3 ? 16 : 1;
constexpr int kInputChannels = (3 + kExactChannels - 1) / kExactChannels * kExactChannels;

const float* floats(const SafetensorsFile& file, const std::string& name) {
  return static_cast<const float*>(file.find(name)->data);  // checked when the bundle was opened
}

// Weights [outputs, inputs, ...] with so many inputs as `shape` says; those that are added are 0.
std::vector<int8_t> with_input_channels(const TensorView& weights,
                                        const dnnl::memory::dims& shape) {
  const auto* stored = static_cast<const int8_t*>(weights.data);
  size_t wanted = 1;
  for (const int64_t side : shape)
    wanted *= static_cast<size_t>(side);
  const auto outputs = static_cast<size_t>(shape[0]);
  const size_t stored_each = weights.bytes() / outputs;
  std::vector<int8_t> result(wanted);
  for (size_t i = 0; i < outputs; ++i)
    std::copy_n(stored + i * stored_each, stored_each, result.begin() + i * (wanted / outputs));
  return result;
}

dnnl::memory::desc channels_last(Type type, int channels, int height, int width) {
  return {{1, channels, height, width}, type, Tag::nhwc};
}

}  // namespace

bool Int8Encoder::is_exact(const ModelConfig& config) {
  return config.encoder.stem_channels % kExactChannels == 0;
}

Int8Encoder::Int8Encoder(OnednnContext& context, const ModelConfig& config,
                         const SafetensorsFile& file)
    : context_(context), input_pixels_(config.input_width * config.input_height) {
  float range = 0;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (const float pixel : {0.0F, 255.0F}) {
      range = std::max(
          range, std::fabs((pixel - config.input_mean[channel]) * config.input_scale[channel]));
    }
  }
  Activation x{Type::s8,           kInputChannels, config.input_height,
               config.input_width, range / 127.0F, 0};
  for (size_t channel = 0; channel < 3; ++channel) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const float value = (static_cast<float>(pixel) - config.input_mean[channel]) *
                          config.input_scale[channel] / x.step;
      input_table_[channel][static_cast<size_t>(pixel)] = static_cast<int8_t>(std::lround(value));
    }
  }
  buffer_bytes_[0] = static_cast<size_t>(input_pixels_) * kInputChannels;

  LayerShape stem;
  stem.outputs = config.encoder.stem_channels;
  stem.kernel = 3;
  stem.stride = 2;
  stem.buffer = 1;
  x = add_layer(file, "encoder.stem", x, stem);

  for (size_t i = 0; i < config.encoder.blocks.size(); ++i) {
    const BlockConfig& block = config.encoder.blocks[i];
    const std::string name = "encoder.blocks." + std::to_string(i);
    Activation hidden = x;
    if (block.has_expansion()) {
      LayerShape expand;
      expand.outputs = block.hidden_channels;
      expand.buffer = kExpanded;
      hidden = add_layer(file, name + ".expand", hidden, expand);
    }
    LayerShape filter;
    filter.outputs = block.hidden_channels;
    filter.kernel = block.kernel;
    filter.stride = block.stride;
    filter.depthwise = true;
    filter.buffer = kFiltered;
    hidden = add_layer(file, name + ".depthwise", hidden, filter);

    LayerShape project;
    project.outputs = block.out_channels;
    project.relu6 = false;
    const Activation block_input = x;
    project.residual = block.residual ? &block_input : nullptr;
    project.buffer = block.residual ? x.buffer : 1 - x.buffer;
    x = add_layer(file, name + ".project", hidden, project);
  }

  LayerShape head;
  head.outputs = config.encoder.head_channels;
  head.buffer = kExpanded;
  x = add_layer(file, "encoder.head", x, head);
  output_buffer_ = x.buffer;
  output_step_ = x.step;
  bind_buffers();
}

// q_out = (sum of q_in * q_weight) * step_in * scale_weight / step_out + bias / step_out.
Int8Encoder::Activation Int8Encoder::add_layer(const SafetensorsFile& file, const std::string& name,
                                               const Activation& input, const LayerShape& shape) {
  Activation output;
  output.type = shape.relu6 ? Type::u8 : Type::s8;
  output.channels = shape.outputs;
  output.height = input.height / shape.stride;
  output.width = input.width / shape.stride;
  output.step = *floats(file, name + ".output_scale");
  output.buffer = shape.buffer;
  auto& bytes = buffer_bytes_[static_cast<size_t>(output.buffer)];
  bytes = std::max(bytes, static_cast<size_t>(output.channels) *
                              static_cast<size_t>(output.height * output.width));

  const float* weight_scales = floats(file, name + ".weight_scale");
  const float* bias = floats(file, name + ".bias");
  OutputScales scales;
  for (size_t i = 0; i < static_cast<size_t>(shape.outputs); ++i) {
    scales.scales.push_back(input.step * weight_scales[i] / output.step);
    scales.bias.push_back(bias[i] / output.step);
  }
  dnnl::primitive_attr attributes;
  if (shape.residual) {
    dnnl::post_ops operations;
    operations.append_sum(shape.residual->step / output.step, 0, shape.residual->type);
    attributes.set_post_ops(operations);
  }

  const int64_t kernel = shape.kernel;
  const dnnl::memory::dims weight_dims =
      shape.depthwise ? dnnl::memory::dims{shape.outputs, 1, 1, kernel, kernel}
                      : dnnl::memory::dims{shape.outputs, input.channels, kernel, kernel};
  // TensorFlow's SAME: at stride 2 one row and column less before than after.
  const int64_t after = shape.kernel / 2;
  const int64_t before = shape.stride == 1 ? after : std::max<int64_t>(after - 1, 0);
  const dnnl::memory::desc bias_desc({shape.outputs}, Type::f32, Tag::a);
  const auto source_desc = channels_last(input.type, input.channels, input.height, input.width);
  const auto destination_desc =
      channels_last(output.type, output.channels, output.height, output.width);
  const auto description =
      describe_convolution(context_.engine,
                           {source_desc,
                            dnnl::memory::desc(weight_dims, Type::s8, Tag::any),
                            bias_desc,
                            destination_desc,
                            {shape.stride, shape.stride},
                            {before, before},
                            {after, after}},
                           scales, attributes);

  std::vector<int8_t> values = with_input_channels(*file.find(name + ".weight"), weight_dims);
  dnnl::memory plain_weights({weight_dims, Type::s8, shape.depthwise ? Tag::goihw : Tag::oihw},
                             context_.engine, values.data());
  dnnl::memory weights(description.weights_desc(), context_.engine);
  dnnl::reorder(plain_weights, weights).execute(context_.stream, plain_weights, weights);
  std::vector<float> bias_values = bias_argument(scales);
  dnnl::memory plain_bias(bias_desc, context_.engine, bias_values.data());
  dnnl::memory bias_memory(bias_desc, context_.engine);
  dnnl::reorder(plain_bias, bias_memory).execute(context_.stream, plain_bias, bias_memory);
  context_.stream.wait();

  Layer layer;
  layer.primitive = dnnl::convolution_forward(description);
  layer.arguments = {{DNNL_ARG_SRC, dnnl::memory(source_desc, context_.engine, nullptr)},
                     {DNNL_ARG_WEIGHTS, weights},
                     {DNNL_ARG_BIAS, bias_memory},
                     {DNNL_ARG_DST, dnnl::memory(destination_desc, context_.engine, nullptr)}};
  add_scales_argument(context_.engine, scales, layer.arguments);
  layer.source_buffer = input.buffer;
  layer.destination_buffer = output.buffer;
  layers_.push_back(std::move(layer));
  return output;
}

void Int8Encoder::bind_buffers() {
  for (size_t i = 0; i < buffers_.size(); ++i)
    buffers_[i].resize(buffer_bytes_[i]);
  for (Layer& layer : layers_) {
    layer.arguments.at(DNNL_ARG_SRC)
        .set_data_handle(buffers_[static_cast<size_t>(layer.source_buffer)].data());
    layer.arguments.at(DNNL_ARG_DST)
        .set_data_handle(buffers_[static_cast<size_t>(layer.destination_buffer)].data());
  }
}

const uint8_t* Int8Encoder::encode(const uint8_t* rgb) {
  auto* input = reinterpret_cast<int8_t*>(buffers_[0].data());
  for (int i = 0; i < input_pixels_; ++i, input += kInputChannels) {
    for (size_t channel = 0; channel < 3; ++channel)
      input[channel] = input_table_[channel][*rgb++];
  }
  for (const Layer& layer : layers_)
    layer.primitive.execute(context_.stream, layer.arguments);
  context_.stream.wait();
  return buffers_[static_cast<size_t>(output_buffer_)].data();
}

}  // namespace jetsoncaption
