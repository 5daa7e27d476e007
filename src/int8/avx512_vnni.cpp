// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for x86-64 with AVX-512 VNNI, in vectors of 256 bits.
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"

#include <immintrin.h>

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 6;

inline __m256i add_products(__m256i sums, __m256i bytes, __m256i weights) {
  return _mm256_dpbusd_epi32(sums, bytes, weights);
}

}  // namespace
}  // namespace jetsoncaption

#include "int8/vnni_parts.h"

namespace jetsoncaption {

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
