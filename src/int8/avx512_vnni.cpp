// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for x86-64 with AVX-512 VNNI, in vectors of 512 bits.
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"

#include <immintrin.h>

namespace jetsoncaption {
namespace {

inline __m256i add_products(__m256i sums, __m256i bytes, __m256i weights) {
  return _mm256_dpbusd_epi32(sums, bytes, weights);
}

}  // namespace
}  // namespace jetsoncaption

#include "int8/vnni_depthwise.h"

namespace jetsoncaption {
namespace {

// A vector holds the sums of a block of 16 outputs, or its weights for four inputs. Rows times
// blocks is the number of registers for sums, 28 of 32. All layers of a picture of 224x224 have a
// multiple of 7 rows.
constexpr int kRowsOfTile = 14;
constexpr int kBlocksOfTile = 2;

// What round_sums() of avx2_parts.h does, without the zero point.
inline __m512i round_16(__m512i sums, const Requantization& to, int first,
                        const uint8_t* residual) {
  __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(to.scales + first));
  value = _mm512_add_ps(value, _mm512_loadu_ps(to.bias + first));
  if (residual) {
    const __m512i bytes =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(residual)));
    const __m512 signed_values =
        _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes, _mm512_set1_epi32(128)));
    value = _mm512_add_ps(value, _mm512_mul_ps(signed_values, _mm512_set1_ps(to.residual_scale)));
  }
  return _mm512_cvtps_epi32(
      _mm512_min_ps(value, _mm512_set1_ps(static_cast<float>(255 - to.zero_point))));
}

// 32 numbers that are rounded to 16-bit ones with their zero point, in the order of
// _mm512_packs_epi32.
inline __m512i add_zero_point(const __m512i* rounded, int zero_point) {
  return _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]),
                           _mm512_set1_epi16(static_cast<int16_t>(zero_point)));
}

// Two blocks of outputs of a row and of the next one, which begins `outputs` further.
inline void store_rows(const __m512i (*sums)[2], const PointwiseArguments& a, ptrdiff_t place,
                       int first) {
  __m512i words[2];
  JETSONCAPTION_UNROLL
  for (int row = 0; row < 2; ++row) {
    const uint8_t* residual = a.residual ? a.residual + place + row * a.outputs : nullptr;
    const __m512i rounded[2] = {round_16(sums[row][0], a.requantization, first, residual),
                                round_16(sums[row][1], a.requantization, first + kChannelBlock,
                                         residual ? residual + kChannelBlock : nullptr)};
    words[row] = add_zero_point(rounded, a.requantization.zero_point);
  }
  const __m512i in_a_row = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_permutexvar_epi32(in_a_row, _mm512_packus_epi16(words[0], words[1]));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.output + place), _mm512_castsi512_si256(bytes));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.output + place + a.outputs),
                      _mm512_extracti64x4_epi64(bytes, 1));
}

inline void store_row(__m512i sums, const PointwiseArguments& a, ptrdiff_t place, int first) {
  const __m512i rounded = _mm512_add_epi32(
      round_16(sums, a.requantization, first, a.residual ? a.residual + place : nullptr),
      _mm512_set1_epi32(a.requantization.zero_point));
  const __m512i limited = _mm512_max_epi32(rounded, _mm512_setzero_si512());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(a.output + place), _mm512_cvtepi32_epi8(limited));
}

// Up to 64 channels, as Channels32 has up to 32.
class Channels64 {
 public:
  using Integers = __m512i;
  using Floats = __m512;
  static constexpr int kMost = 64;

  explicit Channels64(int channels)
      : mask_(~uint64_t{0} >> (kMost - channels)), lanes_(channels / kChannelBlock) {}

  Integers load(const uint8_t* from) const { return _mm512_maskz_loadu_epi8(mask_, from); }
  void store(Integers bytes, uint8_t* to) const { _mm512_mask_storeu_epi8(to, mask_, bytes); }
  Integers load_lanes(const void* from, ptrdiff_t step) const {
    const char* lane = static_cast<const char*>(from);
    const auto load_lane = [&] {
      const __m128i loaded = _mm_loadu_si128(reinterpret_cast<const __m128i*>(lane));
      lane += step;
      return loaded;
    };
    __m512i lanes = _mm512_zextsi128_si512(load_lane());
    if (lanes_ > 1)
      lanes = _mm512_inserti32x4(lanes, load_lane(), 1);
    if (lanes_ > 2)
      lanes = _mm512_inserti32x4(lanes, load_lane(), 2);
    if (lanes_ > 3)
      lanes = _mm512_inserti32x4(lanes, load_lane(), 3);
    return lanes;
  }
  Floats load_lanes(const float* from, ptrdiff_t step) const {
    return _mm512_castsi512_ps(load_lanes(static_cast<const void*>(from), step));
  }

  static Integers load_all(const uint8_t* from) { return _mm512_loadu_si512(from); }
  static void store_all(Integers values, uint8_t* to) { _mm512_storeu_si512(to, values); }
  static Integers zeros() { return _mm512_setzero_si512(); }
  static Integers low_bytes(Integers a, Integers b) { return _mm512_unpacklo_epi8(a, b); }
  static Integers high_bytes(Integers a, Integers b) { return _mm512_unpackhi_epi8(a, b); }
  static Integers low_words(Integers a, Integers b) { return _mm512_unpacklo_epi16(a, b); }
  static Integers high_words(Integers a, Integers b) { return _mm512_unpackhi_epi16(a, b); }
  static Integers add(Integers sums, Integers bytes, Integers weights) {
    return _mm512_dpbusd_epi32(sums, bytes, weights);
  }

  static Integers round(Integers sums, Floats scales, Floats bias, int zero_point) {
    const __m512 value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), scales), bias);
    const __m512 highest = _mm512_set1_ps(static_cast<float>(255 - zero_point));
    return _mm512_cvtps_epi32(_mm512_min_ps(value, highest));
  }
  static Integers narrow(const Integers* sums, int zero_point) {
    return _mm512_packus_epi16(add_zero_point(sums, zero_point),
                               add_zero_point(sums + 2, zero_point));
  }

 private:
  const __mmask64 mask_;
  const int lanes_;
};

inline __m512i broadcast_four_to_16(const uint8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
}

// By hand: of so many sums GCC would keep some in memory.
inline void add_in_place(__m512i& sums, __m512i bytes, __m512i weights) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(bytes), "v"(weights));
}

// `Blocks` blocks of outputs of `Rows` rows.
template <int Rows, int Blocks>
inline void multiply_tile(const PointwiseArguments& a, int row, int output) {
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  const int8_t* weights = a.weights + output / kChannelBlock * numbers_of_block(a.inputs, 4);
  __m512i sums[Rows][Blocks];
  JETSONCAPTION_UNROLL
  for (int block = 0; block < Blocks; ++block) {
    const __m512i offsets =
        _mm512_loadu_si512(a.requantization.offsets + output + block * kChannelBlock);
    JETSONCAPTION_UNROLL
    for (int i = 0; i < Rows; ++i)
      sums[i][block] = offsets;
  }
  // Rows are reached from every third one: x86 adds twice a register at no cost.
  const ptrdiff_t stride = a.input_stride;
  const uint8_t* thirds[(Rows + 2) / 3];
  JETSONCAPTION_UNROLL
  for (int i = 0; i < Rows; i += 3)
    thirds[i / 3] = input + i * stride;
  for (int k = 0; k < a.inputs; k += 4, weights += 4 * kChannelBlock) {
    __m512i w[Blocks];
    JETSONCAPTION_UNROLL
    for (int block = 0; block < Blocks; ++block)
      w[block] = _mm512_loadu_si512(weights + block * numbers_of_block(a.inputs, 4));
    JETSONCAPTION_UNROLL
    for (int i = 0; i < Rows; ++i) {
      const __m512i four = broadcast_four_to_16(thirds[i / 3] + i % 3 * stride);
      JETSONCAPTION_UNROLL
      for (int block = 0; block < Blocks; ++block)
        add_in_place(sums[i][block], four, w[block]);
    }
    JETSONCAPTION_UNROLL
    for (int i = 0; i < Rows; i += 3)
      thirds[i / 3] += 4;
  }
  const ptrdiff_t place = static_cast<ptrdiff_t>(row) * a.outputs + output;
  int i = 0;
  if constexpr (Blocks == 2) {
    JETSONCAPTION_UNROLL
    for (; i + 2 <= Rows; i += 2)
      store_rows(sums + i, a, place + static_cast<ptrdiff_t>(i) * a.outputs, output);
  }
  JETSONCAPTION_UNROLL
  for (; i < Rows; ++i) {
    JETSONCAPTION_UNROLL
    for (int block = 0; block < Blocks; ++block) {
      const int next = block * kChannelBlock;
      store_row(sums[i][block], a, place + static_cast<ptrdiff_t>(i) * a.outputs + next,
                output + next);
    }
  }
}

template <int Rows>
void multiply_tiles(const PointwiseArguments& a, int row) {
  int output = 0;
  for (; output + kBlocksOfTile * kChannelBlock <= a.outputs;
       output += kBlocksOfTile * kChannelBlock)
    multiply_tile<Rows, kBlocksOfTile>(a, row, output);
  if (output < a.outputs)
    multiply_tile<Rows, 1>(a, row, output);
}

// What is left of the channels fits as well into vectors of 256 bits, of which more are added at
// once.
void depthwise(const DepthwiseArguments& a) {
  int channel = 0;
  for (; a.channels - channel > Channels32::kMost; channel += Channels64::kMost)
    filter_block<Channels64>(a, channel);
  if (channel < a.channels)
    filter_block<Channels32>(a, channel);
}

void pointwise(const PointwiseArguments& a) {
  int row = 0;
  for (; row + kRowsOfTile <= a.rows; row += kRowsOfTile)
    multiply_tiles<kRowsOfTile>(a, row);
  for (; row + 7 <= a.rows; row += 7)
    multiply_tiles<7>(a, row);
  for (; row < a.rows; ++row)
    multiply_tiles<1>(a, row);
}

// Four vectors of sums to four sums.
inline __m128i add_across_four(const __m512i* sums) {
  __m256i halves[4];
  JETSONCAPTION_UNROLL
  for (int i = 0; i < 4; ++i)
    halves[i] =
        _mm256_add_epi32(_mm512_castsi512_si256(sums[i]), _mm512_extracti64x4_epi64(sums[i], 1));
  return add_across(halves);
}

// Four outputs, of which `count` exist, of `Rows` rows.
template <int Rows>
inline void multiply_four(const LinearArguments& a, int row, int output, int count) {
  const int8_t* weights[4];
  JETSONCAPTION_UNROLL
  for (int i = 0; i < 4; ++i)
    weights[i] = a.weights + static_cast<ptrdiff_t>(output + (i < count ? i : 0)) * a.inputs;
  const uint8_t* input = a.input + static_cast<ptrdiff_t>(row) * a.input_stride;
  __m512i sums[Rows][4];
  JETSONCAPTION_UNROLL
  for (int r = 0; r < Rows; ++r) {
    JETSONCAPTION_UNROLL
    for (int i = 0; i < 4; ++i)
      sums[r][i] = _mm512_setzero_si512();
  }
  for (int k = 0; k < a.inputs; k += 64) {
    const int left = a.inputs - k;
    const __mmask64 mask = ~uint64_t{0} >> (left < 64 ? 64 - left : 0);
    __m512i x[Rows];
    JETSONCAPTION_UNROLL
    for (int r = 0; r < Rows; ++r)
      x[r] = _mm512_maskz_loadu_epi8(mask, input + r * static_cast<ptrdiff_t>(a.input_stride) + k);
    JETSONCAPTION_UNROLL
    for (int i = 0; i < 4; ++i) {
      const __m512i w = _mm512_maskz_loadu_epi8(mask, weights[i] + k);
      JETSONCAPTION_UNROLL
      for (int r = 0; r < Rows; ++r)
        add_in_place(sums[r][i], x[r], w);
    }
  }
  JETSONCAPTION_UNROLL
  for (int r = 0; r < Rows; ++r)
    store_linear(add_across_four(sums[r]), a, row + r, output, count);
}

void linear(const LinearArguments& a) {
  for (int output = 0; output < a.outputs; output += 4) {
    const int count = a.outputs - output < 4 ? a.outputs - output : 4;
    int row = 0;
    for (; row + 5 <= a.rows; row += 5)
      multiply_four<5>(a, row, output, count);
    for (; row + 3 <= a.rows; row += 3)
      multiply_four<3>(a, row, output, count);
    for (; row < a.rows; ++row)
      multiply_four<1>(a, row, output, count);
  }
}

}  // namespace

const Int8Kernels avx512_vnni_kernels = {"avx512-vnni",
                                         "int8-avx512-vnni",
                                         4,
                                         4,
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
