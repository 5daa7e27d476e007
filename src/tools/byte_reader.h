// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers inside bytes that are not to be trusted: outside of them everything is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace jetsoncaption {

class ByteReader {
 public:
  // Borrows the bytes.
  ByteReader(const uint8_t* bytes, size_t size, bool little_endian)
      : bytes_(bytes), size_(size), little_endian_(little_endian) {}

  size_t size() const { return size_; }

  uint32_t u8(size_t offset) const { return offset < size_ ? bytes_[offset] : 0; }

  uint32_t u16(size_t offset) const {
    if (size_ < 2 || offset > size_ - 2)
      return 0;
    const uint32_t first = bytes_[offset];
    const uint32_t second = bytes_[offset + 1];
    return little_endian_ ? first | second << 8 : first << 8 | second;
  }

  uint32_t u32(size_t offset) const {
    const uint32_t first = u16(offset);
    const uint32_t second = u16(offset + 2);
    return little_endian_ ? first | second << 16 : first << 16 | second;
  }

  // Whether `text` stands at the offset.
  bool has(size_t offset, const char* text, size_t length) const {
    return length <= size_ && offset <= size_ - length &&
           std::memcmp(bytes_ + offset, text, length) == 0;
  }

  // From the offset on, at most `length` bytes.
  ByteReader part(size_t offset, size_t length) const {
    if (offset > size_)
      offset = size_;
    if (length > size_ - offset)
      length = size_ - offset;
    return {bytes_ + offset, length, little_endian_};
  }

  ByteReader in_order(bool little_endian) const { return {bytes_, size_, little_endian}; }

 private:
  const uint8_t* bytes_;
  size_t size_;
  bool little_endian_;
};

}  // namespace jetsoncaption
