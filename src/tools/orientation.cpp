// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the orientation in an EXIF block and applies it.
#include "tools/orientation.h"

#include <algorithm>
#include <utility>

namespace jetsoncaption {

namespace {

constexpr int kUpright = 1;
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShortType = 3;

// Whether rows are seen as columns.
bool is_transposed(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

}  // namespace

// A header, then a directory of 12-byte entries.
size_t find_exif_orientation(const ByteReader& block) {
  const ByteReader reader = block.in_order(block.u8(0) == 'I');
  const size_t directory = reader.u32(4);
  const uint32_t entries = reader.u16(directory);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (entry + 12 > reader.size())
      break;
    if (reader.u16(entry) == kOrientationTag && reader.u16(entry + 2) == kShortType)
      return entry + 8;
  }
  return block.size();
}

int exif_orientation(const ByteReader& block) {
  const ByteReader reader = block.in_order(block.u8(0) == 'I');
  const int orientation = static_cast<int>(reader.u16(find_exif_orientation(block)));
  return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
}

int orientation_named(const std::string& name) {
  constexpr const char* kNames[] = {"rotate-0",        "flip-rotate-0",   "rotate-180",
                                    "flip-rotate-180", "flip-rotate-270", "rotate-90",
                                    "flip-rotate-90",  "rotate-270"};
  int orientation = kUpright;
  for (const char* known : kNames) {
    if (name == known)
      return orientation;
    ++orientation;
  }
  return kUpright;
}

PictureSize stored_size(PictureSize seen, int orientation) {
  return is_transposed(orientation) ? PictureSize{seen.height, seen.width} : seen;
}

Image upright(Image image, int orientation) {
  if (orientation <= kUpright || orientation > 8)
    return image;
  const bool transposed = is_transposed(orientation);
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
