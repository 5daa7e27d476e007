// SPDX-License-Identifier: LGPL-2.1-or-later
// libnvbufsurface.so and libnvbufsurftransform.so of L4T r34 and later: JetPack 5 to 7.
#pragma once

#include <memory>

#include "plugin/frames/nvmm/nvmm_library.h"

namespace jetsoncaption {

// Null where one of the two is missing, or is that of r32: there the frames of the camera are
// handles that only libnvbuf_utils.so understands.
std::shared_ptr<NvmmLibrary> open_nvbufsurface();

}  // namespace jetsoncaption
