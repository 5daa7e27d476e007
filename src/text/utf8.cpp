// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks UTF-8 byte by byte.
#include "text/utf8.h"

namespace jetsoncaption {

size_t utf8_character_bytes(const std::string& text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(position);
  if (first < 0x80)
    return 1;
  // Unicode 15, table 3-7: the second byte has a narrower range after E0, ED, F0 and F4, which
  // keeps out overlong forms, surrogates and what lies above U+10FFFF.
  const size_t bytes = first >= 0xC2 && first <= 0xDF   ? 2
                       : first >= 0xE0 && first <= 0xEF ? 3
                       : first >= 0xF0 && first <= 0xF4 ? 4
                                                        : 0;
  if (bytes == 0 || position + bytes > text.size())
    return 0;
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(position + 1) < low || byte(position + 1) > high)
    return 0;
  for (size_t i = 2; i < bytes; ++i) {
    if (byte(position + i) < 0x80 || byte(position + i) > 0xBF)
      return 0;
  }
  return bytes;
}

uint32_t utf8_code(const std::string& text, size_t position) {
  const size_t bytes = utf8_character_bytes(text, position);
  const auto first = static_cast<unsigned char>(text[position]);
  uint32_t code = bytes < 2 ? first : first & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[position + i]) & 0x3FU);
  return code;
}

}  // namespace jetsoncaption
