// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for every 64-bit ARM processor, among them Cortex-A57 and A72.
//
// It multiplies bytes of the same kind alone, so 128 is subtracted from the inputs of pointwise().
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"
#include "int8/neon_parts.h"

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 4;  // times four vectors of outputs: 16 of 32 registers hold sums
constexpr int kShift = 128;

// Two pairs of inputs of each of `Rows` rows times the weights of 8 outputs, half of a block. Two
// products of bytes fit into 16 bits, unless all four factors may be -128.
template <int Rows, bool HasLowest, int Half>
inline void add_four(Sums* sums, const int8x16_t* first, const int8x16_t* second,
                     const int8_t* weights) {
  const int8x16_t w = vld1q_s8(weights + 16 * Half);
  const int8x16_t next = vld1q_s8(weights + 16 * Half + 2 * kChannelBlock);
  for (int i = 0; i < Rows; ++i) {
    int32x4_t& of_low = sums[i][2 * Half];
    int32x4_t& of_high = sums[i][2 * Half + 1];
    int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(first[i]));
    int16x8_t high = vmull_high_s8(w, first[i]);
    if (HasLowest) {
      of_low = vpadalq_s16(of_low, low);
      of_high = vpadalq_s16(of_high, high);
      low = vmull_s8(vget_low_s8(next), vget_low_s8(second[i]));
      high = vmull_high_s8(next, second[i]);
    } else {
      low = vmlal_s8(low, vget_low_s8(next), vget_low_s8(second[i]));
      high = vmlal_high_s8(high, next, second[i]);
    }
    of_low = vpadalq_s16(of_low, low);
    of_high = vpadalq_s16(of_high, high);
  }
}

// The last pair, where the number of pairs is odd.
template <int Rows, int Half>
inline void add_two(Sums* sums, const int8x16_t* pairs, const int8_t* weights) {
  const int8x16_t w = vld1q_s8(weights + 16 * Half);
  for (int i = 0; i < Rows; ++i) {
    int32x4_t& of_low = sums[i][2 * Half];
    int32x4_t& of_high = sums[i][2 * Half + 1];
    of_low = vpadalq_s16(of_low, vmull_s8(vget_low_s8(w), vget_low_s8(pairs[i])));
    of_high = vpadalq_s16(of_high, vmull_high_s8(w, pairs[i]));
  }
}

// A pair of inputs, eight times.
inline int8x16_t load_pair(const int16_t* from) {
  return vreinterpretq_s8_s16(vld1q_dup_s16(from));
}

// 16 outputs of `Rows` rows, whose inputs, less 128, lie in the scratch.
template <int Rows, bool HasLowest>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  Sums sums[Rows];
  const int16_t* pairs[Rows];
  for (int i = 0; i < Rows; ++i) {
    load_sums(a.requantization.offsets + output, sums[i]);
    pairs[i] = a.scratch + i * (a.input_stride / 2);
  }
  int k = 0;
  for (; k + 2 < a.inputs; k += 4, weights += 4 * kChannelBlock) {
    int8x16_t first[Rows], second[Rows];
    for (int i = 0; i < Rows; ++i) {
      first[i] = load_pair(pairs[i] + k / 2);
      second[i] = load_pair(pairs[i] + k / 2 + 1);
    }
    add_four<Rows, HasLowest, 0>(sums, first, second, weights);
    add_four<Rows, HasLowest, 1>(sums, first, second, weights);
  }
  if (k < a.inputs) {
    int8x16_t last[Rows];
    for (int i = 0; i < Rows; ++i)
      last[i] = load_pair(pairs[i] + k / 2);
    add_two<Rows, 0>(sums, last, weights);
    add_two<Rows, 1>(sums, last, weights);
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
  for (int k = 0; k < Rows * a.input_stride; k += 16) {
    const uint8x16_t shifted = veorq_u8(vld1q_u8(input + k), vdupq_n_u8(kShift));
    vst1q_s16(a.scratch + k / 2, vreinterpretq_s16_u8(shifted));
  }
  const ptrdiff_t weights_of_block = numbers_of_block(a.inputs, 2);
  const int8_t* weights = a.weights;
  for (int output = 0; output < a.outputs; output += kChannelBlock) {
    if (a.has_lowest)
      multiply_block<Rows, true>(a, row, output, weights);
    else
      multiply_block<Rows, false>(a, row, output, weights);
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
                                  2,
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
