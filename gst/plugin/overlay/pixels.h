// SPDX-License-Identifier: LGPL-2.1-or-later
// Pixels of four bytes, changed one by one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace jetsoncaption {

using Pixel = std::array<uint8_t, 4>;

// Writes what `change` makes of each of so many pixels; `to` may be `from`. Most pixels of a
// caption equal their neighbour, and are not computed again: divisions would take longer than all
// the rest.
template <typename Change>
void change_pixels(const uint8_t* from, uint8_t* to, size_t count, const Change& change) {
  Pixel before{};
  Pixel changed = change(before);
  for (size_t i = 0; i < count; ++i, from += before.size(), to += before.size()) {
    if (std::memcmp(from, before.data(), before.size()) != 0) {
      std::memcpy(before.data(), from, before.size());
      changed = change(before);
    }
    std::memcpy(to, changed.data(), changed.size());
  }
}

}  // namespace jetsoncaption
