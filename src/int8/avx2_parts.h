// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernels of AVX2 and of its successors share. Only for files that are built for AVX2.
#pragma once

#include "int8/kernels.h"

#include <immintrin.h>

namespace jetsoncaption {
namespace {

inline __m256i load_16_widened(const int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline __m256i load_16_widened(const uint8_t* from) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline __m256i load_8_sums(const int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// Eight of the sums that requantize() of reference.cpp rounds, as integers that are not limited
// below yet.
inline __m256i round_sums(__m256i sums, const Requantization& to, int first,
                          const uint8_t* residual) {
  __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(to.scales + first));
  value = _mm256_add_ps(value, _mm256_loadu_ps(to.bias + first));
  if (residual) {
    const __m256i bytes =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(residual)));
    const __m256 signed_values =
        _mm256_cvtepi32_ps(_mm256_sub_epi32(bytes, _mm256_set1_epi32(128)));
    value = _mm256_add_ps(value, _mm256_mul_ps(signed_values, _mm256_set1_ps(to.residual_scale)));
  }
  value = _mm256_min_ps(value, _mm256_set1_ps(static_cast<float>(255 - to.zero_point)));
  return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(to.zero_point));
}

// Sums of 16 outputs, offsets included, to 16 bytes. Too low a number, also the one that stands for
// overflow, saturates to 0.
inline void store_16(__m256i low, __m256i high, const Requantization& to, int first,
                     const uint8_t* residual, uint8_t* output) {
  low = round_sums(low, to, first, residual);
  high = round_sums(high, to, first + 8, residual ? residual + 8 : nullptr);
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
  const __m128i bytes =
      _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(output), bytes);
}

// Four sums of a linear layer to four outputs, of which `count` exist.
inline void store_linear(__m128i sums, const LinearArguments& a, int row, int output, int count) {
  float* to = a.output + static_cast<ptrdiff_t>(row) * a.output_stride + output;
  if (count == 4) {
    const __m128i of_zero =
        _mm_mullo_epi32(_mm_set1_epi32(a.zero_point),
                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(a.sums + output)));
    const __m128 exact = _mm_cvtepi32_ps(_mm_sub_epi32(sums, of_zero));
    const __m128 scales = _mm_mul_ps(_mm_set1_ps(a.steps[row]), _mm_loadu_ps(a.scales + output));
    _mm_storeu_ps(to, _mm_add_ps(_mm_mul_ps(exact, scales), _mm_loadu_ps(a.bias + output)));
    return;
  }
  int32_t parts[4];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(parts), sums);
  for (int i = 0; i < count; ++i) {
    const auto exact = static_cast<float>(parts[i] - a.zero_point * a.sums[output + i]);
    to[i] = exact * (a.steps[row] * a.scales[output + i]) + a.bias[output + i];
  }
}

inline __m128i add_across(const __m256i* sums) {
  const __m256i pairs =
      _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
  return _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
}

// What the vectors left of the inputs, for four rows of weights.
inline __m128i add_rest(__m128i sums, const uint8_t* input, const int8_t* const* weights, int from,
                        int to) {
  if (from == to)
    return sums;
  int32_t parts[4];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(parts), sums);
  for (int i = 0; i < 4; ++i) {
    for (int k = from; k < to; ++k)
      parts[i] += input[k] * weights[i][k];
  }
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(parts));
}

}  // namespace
}  // namespace jetsoncaption
