// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the orientation in a JPEG's EXIF block and applies it.
#include "tools/orientation.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace jetsoncaption {

namespace {

constexpr int kUpright = 1;
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShortType = 3;

// Numbers inside a range of bytes that is not to be trusted: outside of it everything is 0.
class ByteReader {
 public:
  ByteReader(const uint8_t* bytes, size_t size, bool little_endian)
      : bytes_(bytes), size_(size), little_endian_(little_endian) {}

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

 private:
  const uint8_t* bytes_;
  size_t size_;
  bool little_endian_;
};

// The TIFF structure inside EXIF: a header, then a directory of 12-byte entries.
int tiff_orientation(const uint8_t* bytes, size_t size) {
  if (size < 8)
    return kUpright;
  const ByteReader reader(bytes, size, bytes[0] == 'I');
  const size_t directory = reader.u32(4);
  const uint32_t entries = reader.u16(directory);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (entry >= size)
      break;
    if (reader.u16(entry) != kOrientationTag || reader.u16(entry + 2) != kShortType)
      continue;
    const int orientation = static_cast<int>(reader.u16(entry + 8));
    return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
  }
  return kUpright;
}

}  // namespace

int jpeg_orientation(const uint8_t* bytes, size_t size) {
  const ByteReader reader(bytes, size, false);
  if (reader.u16(0) != 0xFFD8)
    return kUpright;
  // Segments: a marker, then a length that counts itself. The picture begins at start-of-scan.
  for (size_t position = 2; position < size;) {
    const uint32_t marker = reader.u16(position);
    const size_t length = reader.u16(position + 2);
    constexpr uint32_t kStartOfScan = 0xFFDA;
    constexpr uint32_t kApp1 = 0xFFE1;
    if (marker < 0xFF00 || marker == kStartOfScan || length < 2)
      break;
    const size_t begin = position + 4;
    const size_t end = position + 2 + length;
    constexpr char kExif[] = "Exif\0";  // and the zero that ends the literal: six bytes
    if (end > size)
      break;
    if (marker == kApp1 && end - begin >= sizeof kExif &&
        std::memcmp(bytes + begin, kExif, sizeof kExif) == 0) {
      return tiff_orientation(bytes + begin + sizeof kExif, end - begin - sizeof kExif);
    }
    position = end;
  }
  return kUpright;
}

Image upright(Image image, int orientation) {
  if (orientation <= kUpright || orientation > 8)
    return image;
  const bool transposed = orientation >= 5;
  // Where the stored picture has to be read backwards to give the rows and columns seen.
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

  Image seen;
  seen.width = transposed ? image.height : image.width;
  seen.height = transposed ? image.width : image.height;
  seen.pixels.resize(image.pixels.size());
  uint8_t* out = seen.pixels.data();
  for (int y = 0; y < seen.height; ++y) {
    for (int x = 0; x < seen.width; ++x, out += 3) {
      int from_x = transposed ? y : x;
      int from_y = transposed ? x : y;
      if (mirror_x)
        from_x = image.width - 1 - from_x;
      if (mirror_y)
        from_y = image.height - 1 - from_y;
      const size_t from = (static_cast<size_t>(from_y) * image.width + from_x) * 3;
      std::copy_n(image.pixels.data() + from, 3, out);
    }
  }
  return seen;
}

}  // namespace jetsoncaption
