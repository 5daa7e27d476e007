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
};

}  // namespace

bool is_blank(const ImageView& picture) {
  std::array<Sums, kChannels> channels;
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.pixels + static_cast<size_t>(y) * picture.stride;
    for (size_t i = 0; i < static_cast<size_t>(picture.width) * kChannels; ++i) {
      const uint64_t value = row[i];
      channels[i % kChannels].values += value;
      channels[i % kChannels].squares += value * value;
    }
  }
  const double pixels = static_cast<double>(picture.width) * picture.height;
  return pixels > 0 && std::all_of(channels.begin(), channels.end(), [pixels](const Sums& sums) {
           const double mean = static_cast<double>(sums.values) / pixels;
           const double variance = static_cast<double>(sums.squares) / pixels - mean * mean;
           return variance < kLeastDeviation * kLeastDeviation;
         });
}

}  // namespace jetsoncaption
