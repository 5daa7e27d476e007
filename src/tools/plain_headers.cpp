// SPDX-License-Identifier: LGPL-2.1-or-later
// The headers of GIF, BMP, TIFF and PNM files, and whether the data behind them is all there.
#include <cstdlib>
#include <string>

#include "tools/orientation.h"
#include "tools/picture_header.h"

namespace jetsoncaption {

namespace {

// The place behind a GIF's data, which comes in blocks of up to 255 bytes and ends with an empty
// one; 0 when the file ends before.
size_t behind_blocks(const ByteReader& file, size_t at) {
  while (at < file.size()) {
    const uint32_t length = file.u8(at);
    ++at;
    if (length == 0)
      return at;
    at += length;
  }
  return 0;
}

// The bytes of a GIF's colour table, given the byte that says whether there is one.
size_t colour_table_bytes(uint32_t flags) {
  return (flags & 0x80) != 0 ? size_t{3} << ((flags & 7) + 1) : 0;
}

// Whether the first picture of a GIF is whole.
bool has_first_picture(const ByteReader& file) {
  size_t at = 13 + colour_table_bytes(file.u8(10));
  while (at != 0 && at < file.size()) {
    const uint32_t kind = file.u8(at);
    if (kind == 0x21) {  // an extension: its label, then blocks
      at = behind_blocks(file, at + 2);
    } else if (kind == 0x2C) {  // a picture: place and flags, colours, size of codes, then blocks
      return behind_blocks(file, at + 11 + colour_table_bytes(file.u8(at + 9))) != 0;
    } else {
      return false;
    }
  }
  return false;
}

}  // namespace

PictureHeader read_gif_header(const ByteReader& file) {
  PictureHeader header;
  header.kind = PictureKind::Gif;
  const ByteReader little = file.in_order(true);
  header.width = little.u16(6);
  header.height = little.u16(8);
  header.has_alpha = true;  // any colour of it may be the transparent one
  if (!has_first_picture(file))
    header.fault = kCutShort;
  return header;
}

PictureHeader read_bmp_header(const ByteReader& file) {
  PictureHeader header;
  header.kind = PictureKind::Bmp;
  const ByteReader little = file.in_order(true);
  constexpr uint32_t kOldest = 12;  // bytes of the header that has short sides
  const bool oldest = little.u32(14) == kOldest;
  header.width = oldest ? little.u16(18) : little.u32(18);
  // Upside down pictures have a negative height.
  header.height = oldest ? little.u16(20)
                         : static_cast<uint32_t>(std::abs(
                               static_cast<int64_t>(static_cast<int32_t>(little.u32(22)))));
  const uint32_t bits = oldest ? little.u16(24) : little.u16(28);
  const uint32_t compression = oldest ? 0 : little.u32(30);
  header.has_alpha = bits == 32;
  const uint64_t row = (uint64_t{header.width} * bits + 31) / 32 * 4;
  if (compression == 0 && little.u32(10) + row * header.height > file.size())
    header.fault = kCutShort;
  return header;
}

namespace {

// One entry of a TIFF's directory.
struct TiffEntry {
  size_t at = 0;
  uint32_t type = 0;
  uint32_t count = 0;
};

constexpr uint32_t kTiffShort = 3;

uint32_t tiff_value(const ByteReader& file, const TiffEntry& entry, uint32_t index) {
  const size_t width = entry.type == kTiffShort ? 2 : 4;
  // Up to four bytes stand in the entry itself.
  const size_t begin = entry.count * width <= 4 ? entry.at + 8 : file.u32(entry.at + 8);
  const size_t at = begin + index * width;
  return width == 2 ? file.u16(at) : file.u32(at);
}

}  // namespace

PictureHeader read_tiff_header(const ByteReader& whole) {
  enum : uint32_t {
    kWidth = 256,
    kHeight = 257,
    kStripOffsets = 273,
    kStripBytes = 279,
    kTileOffsets = 324,
    kTileBytes = 325,
    kExtraSamples = 338
  };
  PictureHeader header;
  header.kind = PictureKind::Tiff;
  const ByteReader file = whole.in_order(whole.u8(0) == 'I');
  header.orientation = exif_orientation(file);
  TiffEntry offsets;
  TiffEntry sizes;
  const size_t directory = file.u32(4);
  const uint32_t entries = file.u16(directory);
  for (uint32_t i = 0; i < entries; ++i) {
    TiffEntry entry;
    entry.at = directory + 2 + size_t{12} * i;
    if (entry.at >= file.size())
      break;
    entry.type = file.u16(entry.at + 2);
    entry.count = file.u32(entry.at + 4);
    const uint32_t tag = file.u16(entry.at);
    if (tag == kWidth)
      header.width = tiff_value(file, entry, 0);
    else if (tag == kHeight)
      header.height = tiff_value(file, entry, 0);
    else if (tag == kStripOffsets || tag == kTileOffsets)
      offsets = entry;
    else if (tag == kStripBytes || tag == kTileBytes)
      sizes = entry;
    else if (tag == kExtraSamples)
      header.has_alpha = true;
  }
  bool whole_data = directory + 2 + size_t{12} * entries + 4 <= file.size() && offsets.count > 0 &&
                    offsets.count == sizes.count && offsets.count <= file.size() / 2;
  for (uint32_t i = 0; i < offsets.count && whole_data; ++i) {
    const uint64_t end = uint64_t{tiff_value(file, offsets, i)} + tiff_value(file, sizes, i);
    whole_data = end <= file.size();
  }
  if (!whole_data)
    header.fault = kCutShort;
  return header;
}

namespace {

// The next number of a PNM header, whose comments reach from '#' to the end of the line.
uint32_t next_number(const ByteReader& file, size_t& at) {
  constexpr uint32_t kLargest = 1U << 30;
  for (bool comment = false; at < file.size(); ++at) {
    const uint32_t c = file.u8(at);
    if (c == '#')
      comment = true;
    else if (c == '\n')
      comment = false;
    else if (!comment && c >= '0' && c <= '9')
      break;
  }
  uint32_t number = 0;
  for (; file.u8(at) >= '0' && file.u8(at) <= '9' && number < kLargest / 10; ++at)
    number = number * 10 + (file.u8(at) - '0');
  return number;
}

}  // namespace

PictureHeader read_pnm_header(const ByteReader& file) {
  PictureHeader header;
  header.kind = PictureKind::Pnm;
  const uint32_t variant = file.u8(1);
  size_t at = 2;
  header.width = next_number(file, at);
  header.height = next_number(file, at);
  const bool bitmap = variant == '1' || variant == '4';
  const uint32_t largest = bitmap ? 1 : next_number(file, at);
  const bool text = variant <= '3';
  uint64_t row = uint64_t{header.width} * (variant == '3' || variant == '6' ? 3 : 1);
  if (variant == '4')
    row = (row + 7) / 8;
  else if (!text && largest > 255)
    row *= 2;
  // In text, a number has at least a character; else one blank stands before the data.
  if (at + (text ? 0 : 1) + row * header.height > file.size())
    header.fault = kCutShort;
  return header;
}

}  // namespace jetsoncaption
