// SPDX-License-Identifier: LGPL-2.1-or-later
// pointwise() and linear() on what vnni_parts.h needs, in vectors of 256 bits. The file that
// includes this also defines before: kRowsAtOnce, which times two is the number of registers for
// sums.
#pragma once

#include "int8/vnni_parts.h"

namespace jetsoncaption {
namespace {

// Four inputs, for all lanes.
inline __m256i broadcast_four(const uint8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return _mm256_set1_epi32(four);
}

// 16 outputs of `Rows` rows.
template <int Rows>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  __m256i sums[Rows][2];
  JETSONCAPTION_UNROLL
  for (int i = 0; i < Rows; ++i) {
    sums[i][0] = load_8_sums(a.requantization.offsets + output);
    sums[i][1] = load_8_sums(a.requantization.offsets + output + 8);
  }
  for (int k = 0; k < a.inputs; k += 4, weights += 4 * kChannelBlock) {
    const __m256i low = load_32(weights);
    const __m256i high = load_32(weights + 32);
    JETSONCAPTION_UNROLL
    for (int i = 0; i < Rows; ++i) {
      const __m256i four = broadcast_four(input + i * a.input_stride + k);
      sums[i][0] = add_products(sums[i][0], four, low);
      sums[i][1] = add_products(sums[i][1], four, high);
    }
  }
  JETSONCAPTION_UNROLL
  for (int i = 0; i < Rows; ++i) {
    const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + output;
    store_16(sums[i][0], sums[i][1], a.requantization, output,
             a.residual ? a.residual + place : nullptr, a.output + place);
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
  for (; row + 2 <= a.rows; row += 2)
    multiply_rows<2>(a, row);
  if (row < a.rows)
    multiply_rows<1>(a, row);
}

// Four outputs, of which `count` exist, of `Rows` rows.
template <int Rows>
inline void multiply_four(const LinearArguments& a, int row, int output, int count) {
  const int8_t* weights[4];
  for (int i = 0; i < 4; ++i)
    weights[i] = a.weights + static_cast<ptrdiff_t>(output + (i < count ? i : 0)) * a.inputs;
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  __m256i sums[Rows][4];
  for (int r = 0; r < Rows; ++r) {
    for (int i = 0; i < 4; ++i)
      sums[r][i] = _mm256_setzero_si256();
  }
  int k = 0;
  for (; k + 32 <= a.inputs; k += 32) {
    __m256i x[Rows];
    for (int r = 0; r < Rows; ++r)
      x[r] = load_32(input + r * a.input_stride + k);
    for (int i = 0; i < 4; ++i) {
      const __m256i w = load_32(weights[i] + k);
      for (int r = 0; r < Rows; ++r)
        sums[r][i] = add_products(sums[r][i], x[r], w);
    }
  }
  for (int r = 0; r < Rows; ++r) {
    const __m128i all =
        add_rest(add_across(sums[r]), input + r * a.input_stride, weights, k, a.inputs);
    store_linear(all, a, row + r, output, count);
  }
}

void linear(const LinearArguments& a) {
  for (int output = 0; output < a.outputs; output += 4) {
    const int count = a.outputs - output < 4 ? a.outputs - output : 4;
    int row = 0;
    for (; row + 2 <= a.rows; row += 2)
      multiply_four<2>(a, row, output, count);
    if (row < a.rows)
      multiply_four<1>(a, row, output, count);
  }
}

}  // namespace
}  // namespace jetsoncaption
