// SPDX-License-Identifier: LGPL-2.1-or-later
// libnvbuf_utils.so of L4T r32: JetPack 4.
#pragma once

#include <memory>

#include "plugin/frames/nvmm/nvmm_library.h"

namespace jetsoncaption {

// Null where the library is missing or older than r32.5. Serves both kinds of buffers of r32:
// handles, which nvarguscamerasrc makes by default, and NvBufSurface.
std::shared_ptr<NvmmLibrary> open_nvbuf_utils();

}  // namespace jetsoncaption
