// SPDX-License-Identifier: LGPL-2.1-or-later
// The structure NvBufSurface in the memory of a buffer, checked before anything is believed.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "plugin/frames/nvmm/nvbufsurface_abi.h"

namespace jetsoncaption {

// The structure at `data`, borrowed. Unsupported unless it describes one surface or more in memory
// that the VIC and the CPU can reach.
Result<NvBufSurface*> surface_at(const void* data, size_t size);

}  // namespace jetsoncaption
