// SPDX-License-Identifier: LGPL-2.1-or-later
// A look-alike of libnvbufsurftransform.so, for the tests.
#include "board_abi.h"
#include "surfaces.h"

namespace {

constexpr int kFailed = -3;

fake_nvmm::Rect rect_of(const board::BoardRect& rect) {
  return {rect.left, rect.top, rect.width, rect.height};
}

}  // namespace

extern "C" FAKE_NVMM_EXPORT int NvBufSurfTransform(board::SurfaceBatch* from,
                                                   board::SurfaceBatch* to,
                                                   board::SurfaceTransformParams* params) {
  if (fake_nvmm::is_to_fail("NvBufSurfTransform"))
    return kFailed;
  if ((params->flag & board::kCropSource) == 0 || (params->flag & board::kCropTarget) == 0 ||
      from->filled != 1 || to->filled != 1) {
    fake_nvmm::note_error("a transform without its rectangles, or of a surface that is not filled");
    return kFailed;
  }
  const bool done =
      fake_nvmm::transform(static_cast<int>(from->surfaces[0].descriptor), rect_of(*params->source),
                           static_cast<int>(to->surfaces[0].descriptor), rect_of(*params->target));
  return done ? 0 : kFailed;
}
