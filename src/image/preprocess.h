// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings a picture of the model's size to the number range that the model expects.
#pragma once

#include <array>
#include <cstdint>

namespace jetsoncaption {

// Writes pixels as the network reads them: three planes of `pixels` floats, R first, each
// (value - mean[channel]) * scale[channel]. `rgb` holds 3 * pixels bytes, `chw` 3 * pixels floats.
void normalize(const uint8_t* rgb, int pixels, const std::array<float, 3>& mean,
               const std::array<float, 3>& scale, float* chw);

}  // namespace jetsoncaption
