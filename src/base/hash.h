// SPDX-License-Identifier: LGPL-2.1-or-later
// A hash that is the same on every machine and in every version.
#pragma once

#include <cstdint>
#include <string>

namespace jetsoncaption {

// FNV-1a; `before` is the hash of what comes before.
inline uint64_t hash_text(const std::string& text, uint64_t before = 0xCBF29CE484222325U) {
  for (const char c : text)
    before = (before ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return before;
}

}  // namespace jetsoncaption
