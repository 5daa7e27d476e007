// SPDX-License-Identifier: LGPL-2.1-or-later
// The characters of UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace jetsoncaption {

// The number of bytes of the UTF-8 character that begins at `position`, or 0 when there is none.
size_t utf8_character_bytes(const std::string& text, size_t position);

// The character itself, where that number is not 0.
uint32_t utf8_code(const std::string& text, size_t position);

}  // namespace jetsoncaption
