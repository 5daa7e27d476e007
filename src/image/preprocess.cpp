// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings a picture of the model's size to the number range that the model expects.
#include "image/preprocess.h"

namespace jetsoncaption {

void normalize(const uint8_t* rgb, int pixels, const std::array<float, 3>& mean,
               const std::array<float, 3>& scale, float* chw) {
  for (int channel = 0; channel < 3; ++channel) {
    const float* const end = chw + pixels;
    const uint8_t* from = rgb + channel;
    for (; chw != end; ++chw, from += 3)
      *chw = (*from - mean[channel]) * scale[channel];
  }
}

}  // namespace jetsoncaption
