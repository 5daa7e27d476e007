// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernels in plain C++: what all others must agree with, bit by bit. Not fast.
#define JETSONCAPTION_PLAIN_LANES
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"

namespace jetsoncaption {
namespace {

// The rule of rounding: sum in 32 bits, times scale, plus bias, plus residual times its scale, each
// step rounded to fp32; then to the nearest integer, halves to even, within 0 and 255 after the
// zero point is added. What is not a number becomes 255.
uint8_t requantize(int32_t sum, const Requantization& to, int output, const uint8_t* residual) {
  float value = static_cast<float>(sum + to.offsets[output]) * to.scales[output];
  value = value + to.bias[output];
  if (residual)
    value = value + static_cast<float>(*residual - 128) * to.residual_scale;
  value = jetsoncaption::smaller(value, static_cast<float>(255 - to.zero_point));
  value = jetsoncaption::larger(value, static_cast<float>(-to.zero_point));
  return static_cast<uint8_t>(static_cast<int>(round_to_even(value)) + to.zero_point);
}

void pointwise(const PointwiseArguments& a) {
  for (int row = 0; row < a.rows; ++row) {
    const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
    for (int output = 0; output < a.outputs; ++output) {
      const ptrdiff_t block = output / kChannelBlock;
      const int8_t* weights = a.weights + block * a.inputs * kChannelBlock + output % kChannelBlock;
      int32_t sum = 0;
      for (int i = 0; i < a.inputs; ++i)
        sum += input[i] * weights[static_cast<ptrdiff_t>(i) * kChannelBlock];
      const ptrdiff_t place = static_cast<ptrdiff_t>(row) * a.outputs + output;
      a.output[place] =
          requantize(sum, a.requantization, output, a.residual ? a.residual + place : nullptr);
    }
  }
}

void depthwise(const DepthwiseArguments& a) {
  for (int position = 0; position < a.positions; ++position) {
    const uint8_t* const* taps = a.taps(position);
    for (int channel = 0; channel < a.channels; ++channel) {
      const ptrdiff_t block = channel / kChannelBlock;
      const int16_t* weights =
          a.weights + block * a.tap_count() * kChannelBlock + channel % kChannelBlock;
      int32_t sum = 0;
      for (int i = 0; i < a.tap_count(); ++i)
        sum += taps[i][channel] * weights[static_cast<ptrdiff_t>(i) * kChannelBlock];
      a.output[static_cast<ptrdiff_t>(position) * a.channels + channel] =
          requantize(sum, a.requantization, channel, nullptr);
    }
  }
}

void linear(const LinearArguments& a) {
  for (int row = 0; row < a.rows; ++row) {
    const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
    for (int output = 0; output < a.outputs; ++output) {
      const int8_t* weights = a.weights + static_cast<ptrdiff_t>(output) * a.inputs;
      int32_t sum = 0;
      for (int i = 0; i < a.inputs; ++i)
        sum += input[i] * weights[i];
      const auto exact = static_cast<float>(sum - a.zero_point * a.sums[output]);
      a.output[static_cast<ptrdiff_t>(row) * a.output_stride + output] =
          exact * (a.steps[row] * a.scales[output]) + a.bias[output];
    }
  }
}

}  // namespace

const Int8Kernels reference_kernels = {"reference",
                                       "int8-reference",
                                       1,
                                       1,
                                       0,
                                       pointwise,
                                       depthwise,
                                       linear,
                                       quantize_row,
                                       attend_row,
                                       update_state_row,
                                       tangent_row,
                                       log_softmax_row,
                                       add_scaled_row};

}  // namespace jetsoncaption
