// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures how much the pixels of a picture differ.
#include "captioner/blank_picture.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace jetsoncaption {
namespace {

constexpr double kLeastDeviation = 4;
constexpr int kChannels = 3;

struct Sums {
  uint64_t values = 0;
  uint64_t squares = 0;

  // From the mean of so many values, added up.
  double squared_deviations(double count) const {
    const auto sum = static_cast<double>(values);
    return static_cast<double>(squares) - sum * sum / count;
  }
};

}  // namespace

// Most pictures show with their first rows that they are not: what those differ from their own
// mean, all of them differ from theirs, at least.
bool is_blank(const ImageView& picture) {
  const double pixels = static_cast<double>(picture.width) * picture.height;
  if (pixels <= 0)
    return false;
  std::array<Sums, kChannels> channels;
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.pixels + static_cast<size_t>(y) * picture.stride;
    for (size_t i = 0; i < static_cast<size_t>(picture.width) * kChannels; ++i) {
      const uint64_t value = row[i];
      channels[i % kChannels].values += value;
      channels[i % kChannels].squares += value * value;
    }
    const double looked_at = static_cast<double>(picture.width) * (y + 1);
    if (std::any_of(channels.begin(), channels.end(), [&](const Sums& sums) {
          return sums.squared_deviations(looked_at) >= kLeastDeviation * kLeastDeviation * pixels;
        }))
      return false;
  }
  return true;
}

}  // namespace jetsoncaption
