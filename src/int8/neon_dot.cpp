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

// Four inputs of each of `Rows` rows times 16 outputs' weights.
template <int Rows>
inline void add_inputs(Sums* sums, const int8x16_t* inputs, const int8_t* weights) {
  for (int part = 0; part < 4; ++part) {
    const int8x16_t w = vld1q_s8(weights + 16 * part);
    for (int i = 0; i < Rows; ++i)
      sums[i].parts[part] = vdotq_s32(sums[i].parts[part], w, inputs[i]);
  }
}

// 16 outputs of `Rows` rows.
template <int Rows>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  Sums sums[Rows];
  for (int i = 0; i < Rows; ++i)
    sums[i] = load_sums(a.requantization.offsets + output);
  for (int k = 0; k < a.inputs; k += 4, weights += 4 * kChannelBlock) {
    int8x16_t inputs[Rows];
    for (int i = 0; i < Rows; ++i) {
      uint32_t four;
      std::memcpy(&four, input + i * a.input_stride + k, sizeof four);
      inputs[i] = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080U));
    }
    add_inputs<Rows>(sums, inputs, weights);
  }
  for (int i = 0; i < Rows; ++i) {
    const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + output;
    store_16(sums[i], a.requantization, output, a.residual ? a.residual + place : nullptr,
             a.output + place);
  }
}

template <int Rows>
void multiply_rows(const PointwiseArguments& a, int row) {
  const ptrdiff_t weights_of_block = static_cast<ptrdiff_t>((a.inputs + 3) / 4) * 4 * kChannelBlock;
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
