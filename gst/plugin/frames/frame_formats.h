// SPDX-License-Identifier: LGPL-2.1-or-later
// The pixel formats that the element shrinks and draws on, for its pad templates.
#pragma once

namespace jetsoncaption {

// In system memory. For caps: "video/x-raw, format=(string)" followed by this. The tests draw on
// each of them.
#define JETSONCAPTION_SUPPORTED_FORMATS                                                  \
  "{ NV12, NV21, I420, YV12, YUY2, UYVY, Y42B, Y444, RGB, BGR, RGBx, BGRx, xRGB, xBGR, " \
  "RGBA, BGRA, ARGB, ABGR, GRAY8 }"

// In NVMM memory, the frames of the hardware of a Jetson board.
#define JETSONCAPTION_NVMM_FEATURE "memory:NVMM"
#define JETSONCAPTION_NVMM_FORMATS "{ NV12, RGBA }"

inline constexpr const char* kSupportedFormats = JETSONCAPTION_SUPPORTED_FORMATS;

}  // namespace jetsoncaption
