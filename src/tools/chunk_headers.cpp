// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks through the chunks of PNG and WebP files.
#include <string>

#include "tools/orientation.h"
#include "tools/picture_header.h"

namespace jetsoncaption {

PictureHeader read_png_header(const ByteReader& file) {
  PictureHeader header;
  header.kind = PictureKind::Png;
  bool ended = false;
  bool has_data = false;
  // Each chunk: length, name, data, checksum.
  constexpr size_t kSignature = 8;
  constexpr size_t kAround = 12;
  for (size_t at = kSignature; at + kAround <= file.size() && !ended;) {
    const size_t length = file.u32(at);
    if (length > file.size() - at - kAround)
      break;
    const ByteReader data = file.part(at + 8, length);
    if (file.has(at + 4, "IHDR", 4)) {
      header.width = data.u32(0);
      header.height = data.u32(4);
      header.bits = data.u8(8);
      header.has_alpha = (data.u8(9) & 4) != 0;
    } else if (file.has(at + 4, "tRNS", 4)) {
      header.has_alpha = true;
    } else if (file.has(at + 4, "eXIf", 4)) {
      header.orientation = exif_orientation(data);
    } else if (file.has(at + 4, "IDAT", 4)) {
      has_data = true;
    } else if (file.has(at + 4, "IEND", 4)) {
      ended = true;
    }
    at += kAround + length;
  }
  if (!ended)
    header.fault = kCutShort;
  else if (!has_data)
    header.fault = " begins like a PNG picture, but there is none in it; the file is damaged.";
  return header;
}

namespace {

// A stream of the lossy format: the size stands behind its start code.
void read_lossy(const ByteReader& data, PictureHeader& header) {
  if (!data.has(3, "\x9D\x01\x2A", 3))
    return;
  header.width = data.u16(6) & 0x3FFF;
  header.height = data.u16(8) & 0x3FFF;
}

// A stream of the lossless format: 14 bits for each side less one, then one for transparency.
void read_lossless(const ByteReader& data, PictureHeader& header) {
  const uint32_t bits = data.u32(1);
  header.width = (bits & 0x3FFF) + 1;
  header.height = (bits >> 14 & 0x3FFF) + 1;
  header.has_alpha = (bits >> 28 & 1) != 0;
}

// What else is in the file: its flags and the canvas.
void read_extended(const ByteReader& data, PictureHeader& header) {
  const uint32_t flags = data.u8(0);
  header.animated = (flags & 0x02) != 0;
  header.has_alpha = (flags & 0x10) != 0;
  header.width = (data.u16(4) | data.u8(6) << 16) + 1;
  header.height = (data.u16(7) | data.u8(9) << 16) + 1;
}

}  // namespace

PictureHeader read_webp_header(const ByteReader& whole) {
  PictureHeader header;
  header.kind = PictureKind::Webp;
  const ByteReader file = whole.in_order(true);
  constexpr size_t kRiffHeader = 8;
  if (file.size() < kRiffHeader || file.u32(4) > file.size() - kRiffHeader) {
    header.fault = kCutShort;
    return header;
  }
  constexpr size_t kChunkHeader = 8;
  bool extended = false;
  for (size_t at = 12; at + kChunkHeader <= file.size();) {
    const size_t length = file.u32(at + 4);
    const ByteReader data = file.part(at + kChunkHeader, length);
    if (file.has(at, "VP8X", 4)) {
      read_extended(data, header);
      extended = true;
    } else if (file.has(at, "VP8L", 4) && !extended) {
      read_lossless(data, header);
    } else if (file.has(at, "VP8 ", 4) && !extended) {
      read_lossy(data, header);
    } else if (file.has(at, "EXIF", 4)) {
      // Some writers keep the beginning that a JPEG would have.
      const size_t skipped = data.has(0, "Exif\0\0", 6) ? 6 : 0;
      header.orientation = exif_orientation(data.part(skipped, data.size()));
    }
    if (length >= file.size() - at)
      break;
    at += kChunkHeader + length + length % 2;
  }
  if (header.animated) {
    header.fault =
        " is an animated WebP picture, which GStreamer does not decode; take one picture out of it "
        "with webpmux -get frame 1 IN -o OUT.webp (package webp).";
  }
  return header;
}

}  // namespace jetsoncaption
