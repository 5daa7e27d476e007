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

}  // namespace
}  // namespace jetsoncaption
