// SPDX-License-Identifier: LGPL-2.1-or-later
// Goes through a text and finds the characters that are no plain text.
#include "text/plain_text.h"

#include <cstdint>
#include <cstdio>

#include "text/utf8.h"

namespace jetsoncaption {
namespace {

bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

bool is_direction(uint32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

// \x9B of a byte that is no character, \u009B of a character.
std::string written_out(uint32_t code, bool is_byte) {
  char text[16];
  std::snprintf(text, sizeof text, is_byte ? "\\x%02X" : "\\u%04X", static_cast<unsigned>(code));
  return text;
}

}  // namespace

const char* find_active_character(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = utf8_character_bytes(text, at);
    if (bytes == 0)
      return "bytes that are not UTF-8";
    const uint32_t code = utf8_code(text, at);
    if (is_control(code))
      return "a control character";
    if (is_direction(code))
      return "a character that changes the direction of writing";
    at += bytes;
  }
  return nullptr;
}

std::string replace_active_characters(const std::string& text) {
  std::string replaced;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = utf8_character_bytes(text, at);
    const uint32_t code = utf8_code(text, at);
    if (code == '\n' || code == '\t')
      replaced += ' ';
    else if (bytes == 0 || is_control(code) || is_direction(code))
      replaced += "\uFFFD";
    else
      replaced.append(text, at, bytes);
    at += bytes > 0 ? bytes : 1;
  }
  return replaced;
}

std::string show_active_characters(const std::string& text) {
  std::string shown;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = utf8_character_bytes(text, at);
    const uint32_t code = utf8_code(text, at);
    const bool is_plain = bytes > 0 && !is_control(code) && !is_direction(code);
    if (is_plain || code == '\n' || code == '\t')
      shown.append(text, at, bytes);
    else
      shown += written_out(code, code < 0x20 || bytes == 0);
    at += bytes > 0 ? bytes : 1;
  }
  return shown;
}

}  // namespace jetsoncaption
