// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels on an instruction that adds four products of bytes without and with sign to a 32-bit sum,
// exactly. The file that includes this defines before: add_products(sums, bytes, weights).
#pragma once

#include "int8/avx2_parts.h"

// Before each loop over registers: were one of them left, GCC would keep the sums in memory.
#define JETSONCAPTION_UNROLL _Pragma("GCC unroll 16")

namespace jetsoncaption {
namespace {

inline __m256i load_32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
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
