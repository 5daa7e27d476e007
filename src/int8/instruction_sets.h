// SPDX-License-Identifier: LGPL-2.1-or-later
// The tables of kernels, each in the file of its name. Only those that were built exist.
#pragma once

#include "int8/kernels.h"

namespace jetsoncaption {

extern const Int8Kernels reference_kernels;
extern const Int8Kernels avx2_kernels;
extern const Int8Kernels avx_vnni_kernels;
extern const Int8Kernels avx512_vnni_kernels;
extern const Int8Kernels neon_kernels;
extern const Int8Kernels neon_dot_kernels;

}  // namespace jetsoncaption
