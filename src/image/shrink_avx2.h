// SPDX-License-Identifier: LGPL-2.1-or-later
// The Shrinker's loops in AVX2. Exists where it was built: JETSONCAPTION_SHRINK_AVX2.
#pragma once

#include "image/shrink_kernels.h"

namespace jetsoncaption {

extern const ShrinkKernels avx2_shrink_kernels;

}  // namespace jetsoncaption
