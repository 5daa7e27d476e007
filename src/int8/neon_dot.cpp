// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for 64-bit ARM with dot products (ARMv8.2), among them Cortex-A76, A78 and Carmel.
//
// The instruction multiplies signed bytes, so 128 is subtracted from the inputs.
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"
#include "int8/neon_parts.h"

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 4;  // times four vectors of outputs: 16 of 32 registers hold sums
constexpr int kShift = 128;

inline int8x16_t load_shifted(const uint8_t* from) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(kShift)));
}

// Four inputs of each of `Rows` rows, lane `Lane` of four, times 16 outputs' weights.
template <int Rows, int Lane>
inline void add_inputs(Sums* sums, const int8x16_t* inputs, const int8_t* weights) {
  for (int part = 0; part < 4; ++part) {
    const int8x16_t w = vld1q_s8(weights + 16 * part);
    for (int i = 0; i < Rows; ++i)
      sums[i][part] = vdotq_laneq_s32(sums[i][part], w, inputs[i], Lane);
  }
}

// 16 outputs of `Rows` rows.
template <int Rows>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  constexpr int kGroup = 4 * kChannelBlock;
  Sums sums[Rows];
  for (int i = 0; i < Rows; ++i)
    load_sums(a.requantization.offsets + output, sums[i]);
  for (int k = 0; k < a.inputs; k += 16, weights += 4 * kGroup) {
    int8x16_t inputs[Rows];
    for (int i = 0; i < Rows; ++i)
      inputs[i] = load_shifted(input + i * a.input_stride + k);
    const int left = a.inputs - k;
    add_inputs<Rows, 0>(sums, inputs, weights);
    if (left > 4)
      add_inputs<Rows, 1>(sums, inputs, weights + kGroup);
    if (left > 8)
      add_inputs<Rows, 2>(sums, inputs, weights + 2 * kGroup);
    if (left > 12)
      add_inputs<Rows, 3>(sums, inputs, weights + 3 * kGroup);
  }
  for (int i = 0; i < Rows; ++i) {
    const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + output;
    store_16(sums[i], a.requantization, output, a.residual ? a.residual + place : nullptr,
             a.output + place);
  }
}

template <int Rows>
void multiply_rows(const PointwiseArguments& a, int row) {
  const ptrdiff_t weights_of_block = numbers_of_block(a.inputs, 4);
  const int8_t* weights = a.weights;
  for (int output = 0; output < a.outputs; output += kChannelBlock) {
    multiply_block<Rows>(a, row, output, weights);
    weights += weights_of_block;
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
      int32x4_t parts = vdupq_n_s32(0);
      int k = 0;
      for (; k + 16 <= a.inputs; k += 16)
        parts = vdotq_s32(parts, load_shifted(input + k), vld1q_s8(weights + k));
      int32_t sum = vaddvq_s32(parts);
      for (; k < a.inputs; ++k)
        sum += (input[k] - kShift) * weights[k];
      store_linear(sum, a, row, output, kShift);
    }
  }
}

}  // namespace

const Int8Kernels neon_dot_kernels = {"neon-dot",
                                      "int8-neon-dot",
                                      4,
                                      1,
                                      kShift,
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
