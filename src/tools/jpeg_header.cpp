// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks through a JPEG file from marker to marker, also through its compressed data, to its end.
#include <string>

#include "tools/orientation.h"
#include "tools/picture_header.h"

namespace jetsoncaption {

namespace {

constexpr uint32_t kStartOfImage = 0xD8;
constexpr uint32_t kEndOfImage = 0xD9;
constexpr uint32_t kStartOfScan = 0xDA;
constexpr uint32_t kApp1 = 0xE1;
constexpr uint32_t kApp2 = 0xE2;

bool is_frame_header(uint32_t marker) {
  const bool other = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;  // tables
  return marker >= 0xC0 && marker <= 0xCF && !other;
}

// Huffman or arithmetic, sequential or progressive: what libjpeg decodes.
bool is_common_coding(uint32_t frame_marker) {
  return frame_marker <= 0xC2 || frame_marker == 0xC9 || frame_marker == 0xCA;
}

// Restart markers and this one have no length behind them.
bool stands_alone(uint32_t marker) {
  return (marker >= 0xD0 && marker <= 0xD7) || marker == 0x01;
}

void read_frame(const ByteReader& segment, PictureHeader& header) {
  header.bits = segment.u8(0);
  header.height = segment.u16(1);
  header.width = segment.u16(3);
  header.components = static_cast<int>(segment.u8(5));
  header.sampling.clear();
  for (int i = 0; i < header.components; ++i) {
    const uint32_t factors = segment.u8(7 + 3 * static_cast<size_t>(i));
    header.sampling +=
        (i > 0 ? "," : "") + std::to_string(factors >> 4) + "x" + std::to_string(factors & 15);
  }
}

// Where the next marker's second byte is; the file's size when there is none. Zeros behind 0xFF are
// data, more of 0xFF are padding.
size_t next_marker(const ByteReader& file, size_t position) {
  for (; position + 1 < file.size(); ++position) {
    if (file.u8(position) != 0xFF)
      continue;
    const uint32_t marker = file.u8(position + 1);
    if (marker != 0 && marker != 0xFF)
      return position + 1;
  }
  return file.size();
}

struct Walk {
  PictureHeader header;
  bool has_frame = false;
  bool has_scan = false;
  bool has_companions = false;  // an index of further pictures, as phones and stereo cameras write
  uint32_t frame_marker = 0;
  size_t end = 0;  // behind the end marker; 0: there is none
};

Walk walk(const ByteReader& file) {
  Walk found;
  found.header.kind = PictureKind::Jpeg;
  bool has_exif = false;
  for (size_t at = next_marker(file, 2); at < file.size();) {
    const uint32_t marker = file.u8(at);
    if (marker == kEndOfImage) {
      found.end = at + 1;
      break;
    }
    if (stands_alone(marker)) {
      at = next_marker(file, at + 1);
      continue;
    }
    const size_t length = file.u16(at + 1);
    if (length < 2 || length > file.size() - at - 1)
      break;
    const ByteReader segment = file.part(at + 3, length - 2);
    if (is_frame_header(marker) && !found.has_frame) {
      read_frame(segment, found.header);
      found.has_frame = true;
      found.frame_marker = marker;
    } else if (marker == kStartOfScan) {
      found.has_scan = true;
    } else if (marker == kApp1 && !has_exif && segment.has(0, "Exif\0\0", 6)) {
      has_exif = true;
      found.header.orientation = exif_orientation(segment.part(6, segment.size()));
    } else if (marker == kApp2 && segment.has(0, "MPF\0", 4)) {
      found.has_companions = true;
    }
    at = next_marker(file, at + 1 + length);
  }
  return found;
}

// Motion JPEG has the next picture right behind the first one.
bool another_follows(const ByteReader& file, size_t end) {
  constexpr size_t kMostPadding = 16;
  for (size_t at = end; at < file.size() && at < end + kMostPadding; ++at) {
    if (file.u8(at) == 0xFF && file.u8(at + 1) == kStartOfImage && file.u8(at + 2) == 0xFF)
      return true;
  }
  return false;
}

}  // namespace

PictureHeader read_jpeg_header(const ByteReader& file) {
  Walk found = walk(file);
  PictureHeader& header = found.header;
  if (found.end == 0) {
    header.fault = kCutShort;
  } else if (!found.has_frame || !found.has_scan) {
    header.fault = " begins like a JPEG picture, but there is none in it; the file is damaged.";
  } else if (!found.has_companions && another_follows(file, found.end)) {
    header.fault =
        " is a stream of JPEG pictures one after the other (Motion JPEG), without their times. "
        "Make "
        "it a video first, for example with ffmpeg -f mjpeg -i IN -c copy OUT.avi.";
  } else if (!is_common_coding(found.frame_marker) || header.bits != 8) {
    header.fault = " is a JPEG picture of a rare kind (" + std::to_string(header.bits) +
                   " bits a colour, frame type " + std::to_string(found.frame_marker - 0xC0) +
                   "), which GStreamer's decoders misread; save it as PNG or as ordinary JPEG.";
  }
  return header;
}

}  // namespace jetsoncaption
