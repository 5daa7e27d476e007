// SPDX-License-Identifier: LGPL-2.1-or-later
// The arithmetic of an int8 caption as a table of functions, one table an instruction set.
//
// Activations are 8 bits without sign and stand for (value - zero_point) * step; zero_point is 0
// after ReLU6, else 128. Weights are signed, with a step for each output. Products are summed in 32
// bits, exactly, and every table gives the same bits: the rule of rounding is requantize()'s in
// reference.cpp, that of fp32 sums stands in float_kernels.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/page_vector.h"

namespace jetsoncaption {

constexpr int kChannelBlock =
    16;  // channels are stored as a multiple of it, unused ones at the end

// From the sum of a layer to its 8-bit output.
struct Requantization {
  // [outputs], added to the sum: (input_shift - zero_point of the input) * sum of the weights,
  // where input_shift is that of the kernels in pointwise(), and 0 in depthwise().
  const int32_t* offsets;
  const float* scales;   // [outputs]
  const float* bias;     // [outputs], in steps of the output
  int zero_point;        // of the output: 0 or 128
  float residual_scale;  // step of the residual, whose zero point is 128, in steps of the output
};

struct PointwiseArguments {
  const uint8_t* input;  // [rows, input_stride]
  int rows;
  int inputs;             // of the sum
  int input_stride;       // a multiple of kChannelBlock, not below `inputs`
  const int8_t* weights;  // pack_weights()
  bool has_lowest;        // whether one of the weights is -128
  int outputs;            // a multiple of kChannelBlock
  Requantization requantization;
  const uint8_t* residual;  // [rows, outputs], added; or nullptr. May be `output`
  uint8_t* output;          // [rows, outputs]
  int16_t* scratch;         // pointwise_scratch(input_stride) numbers
};

// A row of a picture. Taps are counted by columns: the first `kernel` are the left column's, from
// top to bottom.
struct DepthwiseArguments {
  // [(positions - 1) * stride + kernel columns, kernel]: the channels of each place
  const uint8_t* const* places;
  int positions;
  int kernel;              // 3 or 5: of kernel * kernel taps
  int stride;              // 1 or 2
  int channels;            // a multiple of kChannelBlock
  const int16_t* weights;  // pack_weights() of [channels, taps], widened; depthwise_group 1 and 2
  const int8_t* quads;     // pack_quads(); depthwise_group 4
  Requantization requantization;
  uint8_t* output;  // [positions, channels], nowhere in the input

  // The first tap of a position; the others follow.
  const uint8_t* const* taps(int position) const {
    return places + static_cast<ptrdiff_t>(position) * stride * kernel;
  }
  int tap_count() const { return kernel * kernel; }
};

struct LinearArguments {
  const uint8_t* input;  // [rows, input_stride]
  int input_stride;
  const float* steps;  // [rows]
  int zero_point;
  int rows;
  int inputs;
  const int8_t* weights;  // [outputs, inputs], as they lie in the file
  const float* scales;    // [outputs]
  const int32_t* sums;    // [outputs], of each row of weights
  const float* bias;      // [outputs]
  int outputs;
  float* output;  // [rows, output_stride]
  int output_stride;
};

// One word of one sentence.
struct AttentionArguments {
  const float* keys;           // [cells, attention_size]
  const float* query;          // [attention_size]
  const float* score_weights;  // [attention_size]
  const float* features;       // [cells, feature_size]
  const float* gate;           // [feature_size], before the logistic function
  int cells;
  int attention_size;
  int feature_size;
  float* attention;  // [cells], sums to 1
  float* context;    // [feature_size], gated
};

struct Int8Kernels {
  const char* name;          // "avx2"
  const char* network_name;  // "int8-avx2"
  int weight_group;          // how many inputs of pointwise() lie beside each other
  int depthwise_group;       // how many taps of depthwise() do; 4: as pack_quads() says
  int input_shift;           // what pointwise() subtracts from its inputs: offsets make up for it

  void (*pointwise)(const PointwiseArguments&);
  void (*depthwise)(const DepthwiseArguments&);
  // y = x W^T + b, each output (sum - zero_point * sums) * (step * scale) + bias.
  void (*linear)(const LinearArguments&);

  // Rounds to steps of 1/127 of the largest absolute value, zero point 128. Returns the step.
  float (*quantize)(const float* values, int count, uint8_t* quantized);
  void (*attend)(const AttentionArguments&);
  // The GRU: input and state [3 size] are reset, update, candidate; hidden [size] is replaced.
  void (*update_state)(const float* input, const float* state, int size, float* hidden);
  void (*tangent)(float* values, int count);
  void (*log_softmax)(float* values, int count);
  void (*add_scaled)(const float* values, float factor, int count, float* sums);
};

constexpr int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

constexpr int kMostRowsAtOnce = 8;
constexpr size_t pointwise_scratch(int input_stride) {
  return static_cast<size_t>(input_stride) * kMostRowsAtOnce;
}

// So many a block of 16 outputs has of what pack_weights() makes.
constexpr ptrdiff_t numbers_of_block(int inputs, int group) {
  return static_cast<ptrdiff_t>(round_up(inputs, group)) * kChannelBlock;
}

// Of weights [outputs, inputs]: [outputs / 16][inputs / group][16][group], what is missing 0.
PageVector<int8_t> pack_weights(const int8_t* weights, int outputs, int inputs, int group);

// Taps in fours: four of each column and, with five rows, the last row's.
constexpr int quads_of(int kernel) {
  return kernel == 5 ? 7 : kernel;
}

// Of filters [channels, column, row]: pack_weights() of [channels, 4 quads], what is missing 0.
PageVector<int8_t> pack_quads(const int8_t* filters, int channels, int kernel);

// All that this processor can run: the plain reference first, the fastest last.
const std::vector<const Int8Kernels*>& runnable_int8_kernels();

// The fastest, or those that $JETSONCAPTION_CPU names if they can run.
const Int8Kernels& chosen_int8_kernels();

}  // namespace jetsoncaption
