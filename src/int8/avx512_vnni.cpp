// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for x86-64 with AVX-512 VNNI: pointwise() in vectors of 512 bits, the others of 256.
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

#include "int8/vnni_parts.h"

namespace jetsoncaption {
namespace {

// A vector holds the sums of a block of 16 outputs, or its weights for four inputs. Rows times
// blocks is the number of registers for sums, 24 of 32.
constexpr int kRowsOfTile = 12;
constexpr int kBlocksOfTile = 2;

inline __m512i broadcast_four_to_16(const uint8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
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
  for (int k = 0; k < a.inputs; k += 4, weights += 4 * kChannelBlock) {
    __m512i w[Blocks];
    JETSONCAPTION_UNROLL
    for (int block = 0; block < Blocks; ++block)
      w[block] = _mm512_loadu_si512(weights + block * numbers_of_block(a.inputs, 4));
    JETSONCAPTION_UNROLL
    for (int i = 0; i < Rows; ++i) {
      const __m512i four =
          broadcast_four_to_16(input + static_cast<ptrdiff_t>(i) * a.input_stride + k);
      JETSONCAPTION_UNROLL
      for (int block = 0; block < Blocks; ++block)
        sums[i][block] = _mm512_dpbusd_epi32(sums[i][block], four, w[block]);
    }
  }
  JETSONCAPTION_UNROLL
  for (int i = 0; i < Rows; ++i) {
    JETSONCAPTION_UNROLL
    for (int block = 0; block < Blocks; ++block) {
      const int first = output + block * kChannelBlock;
      const ptrdiff_t place = static_cast<ptrdiff_t>(row + i) * a.outputs + first;
      int32_t parts[kChannelBlock];
      _mm512_storeu_si512(parts, sums[i][block]);
      store_16(load_8_sums(parts), load_8_sums(parts + 8), a.requantization, first,
               a.residual ? a.residual + place : nullptr, a.output + place);
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

void pointwise(const PointwiseArguments& a) {
  int row = 0;
  for (; row + kRowsOfTile <= a.rows; row += kRowsOfTile)
    multiply_tiles<kRowsOfTile>(a, row);
  for (; row + 4 <= a.rows; row += 4)
    multiply_tiles<4>(a, row);
  for (; row < a.rows; ++row)
    multiply_tiles<1>(a, row);
}

}  // namespace

const Int8Kernels avx512_vnni_kernels = {"avx512-vnni",
                                         "int8-avx512-vnni",
                                         4,
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
