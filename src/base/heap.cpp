// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/heap.h"

#include <malloc.h>

namespace jetsoncaption {

void keep_freed_blocks() {
  constexpr int kLargest = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, kLargest);
}

}  // namespace jetsoncaption
