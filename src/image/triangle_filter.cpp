// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights with which the pixels of one axis of a picture become fewer or more.
#include "image/triangle_filter.h"

#include <algorithm>
#include <cstdlib>

namespace jetsoncaption {

namespace {

int64_t floor_divide(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

// With all positions multiplied by 2 * to, pixel x is centred at (2 x + 1) * to, result i at
// (2 i + 1) * from, and the triangle falls to zero at a distance of 2 * max(from, to).
TriangleFilter::TriangleFilter(int from, int to, int16_t one, int shared) : from_(from) {
  const int64_t reach = 2 * static_cast<int64_t>(std::max(from, to));
  taps_.reserve(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const int64_t centre = (2 * i + 1) * from;
    const int64_t first = std::max<int64_t>(0, floor_divide(centre - reach - to, 2 * to) + 1);
    const int64_t end = std::min<int64_t>(from, -floor_divide(-(centre + reach - to), 2 * to));
    const auto height = [&](int64_t x) { return reach - std::abs((2 * x + 1) * to - centre); };

    int64_t whole = 0;
    for (int64_t x = first; x < end; ++x)
      whole += height(x);
    const int64_t first_sample = first / shared;
    const int64_t count = (end - 1) / shared - first_sample + 1;
    taps_.push_back({static_cast<int>(first_sample), static_cast<int>(count), weights_.size()});
    most_taps_ = std::max(most_taps_, static_cast<int>(count));
    // The sums are rounded, not the weights: so no error adds up.
    int64_t sum = 0;
    int64_t given = 0;
    for (int64_t x = first; x < end; ++x) {
      sum += height(x);
      if ((x + 1) % shared != 0 && x + 1 < end)
        continue;
      const int64_t rounded = (sum * one + whole / 2) / whole;
      weights_.push_back(static_cast<int16_t>(rounded - given));
      given = rounded;
    }
  }
}

}  // namespace jetsoncaption
