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

// Adds to the sums of 16 channels of `Count` positions what the first of their taps gives, and the
// one that stands `next` behind it. Weights of two taps lie beside each other.
template <int Count>
inline void add_two_taps(const uint8_t* const* taps, int tap_count, int next, int channel,
                         const int16_t* weights, __m256i (*sums)[2]) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 16));
  for (int i = 0; i < Count; ++i, taps += tap_count) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(taps[0] + channel));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(taps[next] + channel));
    const __m256i pairs_low = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(first, second));
    const __m256i pairs_high = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(first, second));
    sums[i][0] = _mm256_add_epi32(sums[i][0], _mm256_madd_epi16(pairs_low, low));
    sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_madd_epi16(pairs_high, high));
  }
}

// 16 channels of `Count` positions.
template <int Count>
inline void filter_16(const DepthwiseArguments& a, const uint8_t* const* taps,
                      const int16_t* weights, int channel, uint8_t* output) {
  __m256i sums[Count][2];
  for (int i = 0; i < Count; ++i) {
    sums[i][0] = load_8_sums(a.requantization.offsets + channel);
    sums[i][1] = load_8_sums(a.requantization.offsets + channel + 8);
  }
  int tap = 0;
  for (; tap + 2 <= a.tap_count; tap += 2, weights += 32)
    add_two_taps<Count>(taps + tap, a.tap_count, 1, channel, weights, sums);
  if (tap < a.tap_count)  // the second weight there is 0
    add_two_taps<Count>(taps + tap, a.tap_count, 0, channel, weights, sums);
  for (int i = 0; i < Count; ++i)
    store_16(sums[i][0], sums[i][1], a.requantization, channel, nullptr,
             output + static_cast<ptrdiff_t>(i) * a.channels + channel);
}

template <int Count>
inline void filter_positions(const DepthwiseArguments& a, int position) {
  const uint8_t* const* taps = a.taps + static_cast<ptrdiff_t>(position) * a.tap_count;
  uint8_t* output = a.output + static_cast<ptrdiff_t>(position) * a.channels;
  const ptrdiff_t weights_of_block = numbers_of_block(a.tap_count, 2);
  const int16_t* weights = a.weights;
  for (int channel = 0; channel < a.channels; channel += kChannelBlock) {
    filter_16<Count>(a, taps, weights, channel, output);
    weights += weights_of_block;
  }
}

void depthwise(const DepthwiseArguments& a) {
  int position = 0;
  for (; position + 4 <= a.positions; position += 4)
    filter_positions<4>(a, position);
  for (; position < a.positions; ++position)
    filter_positions<1>(a, position);
}

// Four sums of a linear layer to four outputs, of which `count` exist.
inline void store_linear(__m128i sums, const LinearArguments& a, int row, int output, int count) {
  int32_t parts[4];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(parts), sums);
  float* to = a.output + static_cast<ptrdiff_t>(row) * a.output_stride + output;
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
