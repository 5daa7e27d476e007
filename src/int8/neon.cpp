// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for every 64-bit ARM processor, among them Cortex-A57 and A72.
//
// Bytes are widened to 16 bits before they are multiplied: two products of bytes overflow 16 bits.
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"
#include "int8/neon_parts.h"

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 4;  // times four vectors of outputs: 16 of 32 registers hold sums

// One input of each of `Rows` rows, lane `Lane` of four, times 16 weights.
template <int Rows, int Lane>
inline void add_input(Sums* sums, const int16x4_t* inputs, const int8_t* weights) {
  const int8x16_t bytes = vld1q_s8(weights);
  const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
  const int16x8_t high = vmovl_s8(vget_high_s8(bytes));
  for (int i = 0; i < Rows; ++i) {
    int32x4_t* parts = sums[i].parts;
    parts[0] = vmlal_lane_s16(parts[0], vget_low_s16(low), inputs[i], Lane);
    parts[1] = vmlal_lane_s16(parts[1], vget_high_s16(low), inputs[i], Lane);
    parts[2] = vmlal_lane_s16(parts[2], vget_low_s16(high), inputs[i], Lane);
    parts[3] = vmlal_lane_s16(parts[3], vget_high_s16(high), inputs[i], Lane);
  }
}

// 16 outputs of `Rows` rows, whose inputs lie widened in the scratch.
template <int Rows>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  Sums sums[Rows];
  int16x4_t inputs[Rows];
  for (int i = 0; i < Rows; ++i)
    sums[i] = load_sums(a.requantization.offsets + output);
  int k = 0;
  for (; k + 4 <= a.inputs; k += 4, weights += 4 * kChannelBlock) {
    for (int i = 0; i < Rows; ++i)
      inputs[i] = vld1_s16(a.scratch + i * a.input_stride + k);
    add_input<Rows, 0>(sums, inputs, weights);
    add_input<Rows, 1>(sums, inputs, weights + kChannelBlock);
    add_input<Rows, 2>(sums, inputs, weights + 2 * kChannelBlock);
    add_input<Rows, 3>(sums, inputs, weights + 3 * kChannelBlock);
  }
  for (; k < a.inputs; ++k, weights += kChannelBlock) {
    for (int i = 0; i < Rows; ++i)
      inputs[i] = vld1_dup_s16(a.scratch + i * a.input_stride + k);
    add_input<Rows, 0>(sums, inputs, weights);
  }
  for (int i = 0; i < Rows; ++i) {
    const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + output;
    store_16(sums[i], a.requantization, output, a.residual ? a.residual + place : nullptr,
             a.output + place);
  }
}

template <int Rows>
void multiply_rows(const PointwiseArguments& a, int row) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  for (int k = 0; k < Rows * a.input_stride; k += 8)
    vst1q_s16(a.scratch + k, widen(vld1_u8(input + k)));
  const int8_t* weights = a.weights;
  for (int output = 0; output < a.outputs; output += kChannelBlock) {
    multiply_block<Rows>(a, row, output, weights);
    weights += static_cast<ptrdiff_t>(a.inputs) * kChannelBlock;
  }
}

void pointwise(const PointwiseArguments& a) {
  int row = 0;
  for (; row + kRowsAtOnce <= a.rows; row += kRowsAtOnce)
    multiply_rows<kRowsAtOnce>(a, row);
  for (; row < a.rows; ++row)
    multiply_rows<1>(a, row);
}

void linear(const LinearArguments& a) {
  for (int output = 0; output < a.outputs; ++output) {
    const int8_t* weights = a.weights + static_cast<ptrdiff_t>(output) * a.inputs;
    for (int row = 0; row < a.rows; ++row) {
      const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
      int32x4_t parts[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
      int k = 0;
      for (; k + 16 <= a.inputs; k += 16) {
        const uint8x16_t x = vld1q_u8(input + k);
        const int8x16_t w = vld1q_s8(weights + k);
        add_8(parts, widen(vget_low_u8(x)), vmovl_s8(vget_low_s8(w)));
        add_8(parts + 2, widen(vget_high_u8(x)), vmovl_s8(vget_high_s8(w)));
      }
      int32_t sum =
          vaddvq_s32(vaddq_s32(vaddq_s32(parts[0], parts[1]), vaddq_s32(parts[2], parts[3])));
      for (; k < a.inputs; ++k)
        sum += input[k] * weights[k];
      store_linear(sum, a, row, output, 0);
    }
  }
}

}  // namespace

const Int8Kernels neon_kernels = {"neon",
                                  "int8-neon",
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
