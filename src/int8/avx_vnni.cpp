// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels for x86-64 with AVX-VNNI, which processors without AVX-512 have.
#include "int8/float_kernels.h"
#include "int8/instruction_sets.h"

#include <immintrin.h>

namespace jetsoncaption {
namespace {

constexpr int kRowsAtOnce = 5;

inline __m256i add_products(__m256i sums, __m256i bytes, __m256i weights) {
  return _mm256_dpbusd_avx_epi32(sums, bytes, weights);
}

}  // namespace
}  // namespace jetsoncaption

#include "int8/vnni_depthwise.h"
#include "int8/vnni_products.h"

namespace jetsoncaption {

const Int8Kernels avx_vnni_kernels = {"avx-vnni",
                                      "int8-avx-vnni",
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
