// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernels of AVX-VNNI with their one instruction made of those of AVX2, so that all but it is
// tested on processors without it; those of AVX-512 VNNI share all but pointwise().
#include "int8/float_kernels.h"

#include <immintrin.h>

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 5;

// Sums of neighbours, of 16 products.
inline __m256i pair_sums(__m128i bytes, __m128i weights) {
  return _mm256_madd_epi16(_mm256_cvtepu8_epi16(bytes), _mm256_cvtepi8_epi16(weights));
}

inline __m256i add_products(__m256i sums, __m256i bytes, __m256i weights) {
  const __m256i low = pair_sums(_mm256_castsi256_si128(bytes), _mm256_castsi256_si128(weights));
  const __m256i high =
      pair_sums(_mm256_extracti128_si256(bytes, 1), _mm256_extracti128_si256(weights, 1));
  const __m256i fours = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xD8);
  return _mm256_add_epi32(sums, fours);
}

}  // namespace
}  // namespace jetsoncaption

#include "int8/vnni_depthwise.h"
#include "int8/vnni_products.h"

namespace jetsoncaption {

extern const Int8Kernels emulated_vnni_kernels;
const Int8Kernels emulated_vnni_kernels = {"emulated-vnni",
                                           "int8-emulated-vnni",
                                           4,
                                           4,
                                           0,
                                           pointwise,
                                           filter_quads<Channels32>,
                                           linear,
                                           quantize_row,
                                           attend_row,
                                           update_state_row,
                                           tangent_row,
                                           log_softmax_row,
                                           add_scaled_row};

}  // namespace jetsoncaption
