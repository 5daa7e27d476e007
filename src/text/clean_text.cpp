// SPDX-License-Identifier: LGPL-2.1-or-later
// Goes through the characters of a text and drops, replaces or refuses the invisible ones.
#include "text/clean_text.h"

#include <algorithm>
#include <cstdint>

#include "text/utf8.h"

namespace jetsoncaption {

namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 0;  // 0: this is not UTF-8
};

// The character at this place of a text.
Character character_at(const std::string& text, size_t at) {
  const size_t bytes = utf8_character_bytes(text, at);
  return {bytes > 0 ? utf8_code(text, at) : 0, bytes};
}

bool is_blank(uint32_t code) {
  switch (code) {
    case ' ':
    case '\t':
    case '\v':
    case '\f':
    case '\r':
    case '\n':
    case 0x0085:  // next line
    case 0x00A0:  // no-break
    case 0x1680:
    case 0x2028:  // line and paragraph separators
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:  // ideographic
      return true;
    default:
      return code >= 0x2000 && code <= 0x200A;  // blanks of all widths
  }
}

bool is_ignored(uint32_t code) {
  switch (code) {
    case 0x00AD:  // soft hyphen
    case 0x200B:  // zero-width blank
    case 0x200E:  // marks of direction
    case 0x200F:
    case 0x2060:  // word joiner
    case 0xFEFF:  // byte order mark
      return true;
    default:
      return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  }
}

std::string hexadecimal(uint32_t number) {
  std::string digits;
  for (; number > 0 || digits.size() < 2; number >>= 4)
    digits.insert(digits.begin(), "0123456789ABCDEF"[number & 15]);
  return digits;
}

enum class Sort { Seen, Blank, Ignored };

struct Piece {
  size_t at;
  size_t bytes;
  Sort sort;
};

Error refused(const std::string& what, size_t at) {
  return {ErrorKind::InvalidArgument, "byte " + std::to_string(at + 1) + " of it is " + what};
}

// Hands out the next character; its place must be inside the text.
Result<Piece> piece_at(const std::string& text, size_t at) {
  const Character character = character_at(text, at);
  const uint32_t code = character.code;
  if (character.bytes == 0)
    return refused("not UTF-8; save the file in this encoding.", at);
  if (is_blank(code))
    return Piece{at, character.bytes, Sort::Blank};
  if (code < ' ' || (code >= 0x7F && code < 0xA0)) {
    return refused(
        "the control character " + hexadecimal(code) + ", which cannot be seen; remove it.", at);
  }
  return Piece{at, character.bytes, is_ignored(code) ? Sort::Ignored : Sort::Seen};
}

}  // namespace

Result<std::string> clean_sentence(const std::string& text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    const auto piece = piece_at(text, at);
    if (!piece.ok())
      return piece.error();
    if (piece.value().sort == Sort::Seen)
      clean.append(text, at, piece.value().bytes);
    else if (piece.value().sort == Sort::Blank && !clean.empty() && clean.back() != ' ')
      clean += ' ';
    at += piece.value().bytes;
  }
  if (!clean.empty() && clean.back() == ' ')
    clean.pop_back();
  return clean;
}

Result<std::string> clean_name(const std::string& text) {
  size_t begin = text.size();
  size_t end = text.size();
  for (size_t at = 0; at < text.size();) {
    const auto piece = piece_at(text, at);
    if (!piece.ok())
      return piece.error();
    at += piece.value().bytes;
    if (piece.value().sort != Sort::Seen)
      continue;
    begin = std::min(begin, piece.value().at);
    end = at;
  }
  return text.substr(begin, end - begin);
}

}  // namespace jetsoncaption
