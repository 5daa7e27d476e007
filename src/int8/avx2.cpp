// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for x86-64 with AVX2 but no int8 dot product.
//
// Bytes are widened to 16 bits before they are multiplied: _mm256_maddubs_epi16 would saturate.
#include "int8/avx2_parts.h"
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"

namespace jetsoncaption {
namespace {

// Times two vectors of outputs: 8 of 16 registers hold sums. With more, compilers use the stack.
constexpr int kRowsAtOnce = 4;

// Two 16-bit inputs, for all lanes.
inline __m256i broadcast_pair(const int16_t* from) {
  int32_t pair;
  std::memcpy(&pair, from, sizeof pair);
  return _mm256_set1_epi32(pair);
}

// 16 outputs of `Rows` rows.
template <int Rows>
inline void multiply_block(const PointwiseArguments& a, int row, int output,
                           const int8_t* weights) {
  __m256i sums[Rows][2];
  for (int i = 0; i < Rows; ++i) {
    sums[i][0] = load_8_sums(a.requantization.offsets + output);
    sums[i][1] = load_8_sums(a.requantization.offsets + output + 8);
  }
  for (int k = 0; k < a.inputs; k += 2, weights += 2 * kChannelBlock) {
    const __m256i low = load_16_widened(weights);
    const __m256i high = load_16_widened(weights + 16);
    for (int i = 0; i < Rows; ++i) {
      const __m256i pair = broadcast_pair(a.scratch + i * a.input_stride + k);
      sums[i][0] = _mm256_add_epi32(sums[i][0], _mm256_madd_epi16(pair, low));
      sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_madd_epi16(pair, high));
    }
  }
  for (int i = 0; i < Rows; ++i) {
    const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + output;
    store_16(sums[i][0], sums[i][1], a.requantization, output,
             a.residual ? a.residual + place : nullptr, a.output + place);
  }
}

template <int Rows>
void multiply_rows(const PointwiseArguments& a, int row) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  for (int k = 0; k < Rows * a.input_stride; k += kChannelBlock)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.scratch + k), load_16_widened(input + k));
  const ptrdiff_t weights_of_block = numbers_of_block(a.inputs, 2);
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
  switch (a.rows - row) {
    case 3:
      return multiply_rows<3>(a, row);
    case 2:
      return multiply_rows<2>(a, row);
    case 1:
      return multiply_rows<1>(a, row);
    default:
      return;
  }
}

// Adds to the sums of 16 channels of `Count` positions what the first of their taps gives, and the
// one that stands `next` behind it; those of the next position stand `step` further. Weights of two
// taps lie beside each other.
template <int Count>
inline void add_two_taps(const uint8_t* const* taps, ptrdiff_t step, int next, int channel,
                         const int16_t* weights, __m256i (*sums)[2]) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 16));
  for (int i = 0; i < Count; ++i, taps += step) {
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
  const ptrdiff_t step = a.taps(1) - a.taps(0);
  int tap = 0;
  for (; tap + 2 <= a.tap_count(); tap += 2, weights += 32)
    add_two_taps<Count>(taps + tap, step, 1, channel, weights, sums);
  if (tap < a.tap_count())  // the second weight there is 0
    add_two_taps<Count>(taps + tap, step, 0, channel, weights, sums);
  for (int i = 0; i < Count; ++i)
    store_16(sums[i][0], sums[i][1], a.requantization, channel, nullptr,
             output + static_cast<ptrdiff_t>(i) * a.channels + channel);
}

template <int Count>
inline void filter_positions(const DepthwiseArguments& a, int position) {
  const uint8_t* const* taps = a.taps(position);
  uint8_t* output = a.output + static_cast<ptrdiff_t>(position) * a.channels;
  const ptrdiff_t weights_of_block = numbers_of_block(a.tap_count(), 2);
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
  for (; k + 16 <= a.inputs; k += 16) {
    __m256i x[Rows];
    for (int r = 0; r < Rows; ++r)
      x[r] = load_16_widened(input + r * a.input_stride + k);
    for (int i = 0; i < 4; ++i) {
      const __m256i w = load_16_widened(weights[i] + k);
      for (int r = 0; r < Rows; ++r)
        sums[r][i] = _mm256_add_epi32(sums[r][i], _mm256_madd_epi16(x[r], w));
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

const Int8Kernels avx2_kernels = {"avx2",
                                  "int8-avx2",
                                  2,
                                  2,
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
