// SPDX-License-Identifier: LGPL-2.1-or-later
// What a picture file says of itself, read before anything is decoded: a decoder may misread what
// it does not expect, take memory for any size, and fill up with grey what is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/byte_reader.h"

namespace jetsoncaption {

enum class PictureKind { Jpeg, Png, Gif, Bmp, Tiff, Pnm, Webp, Heif };

const char* picture_kind_name(PictureKind kind);

// By the first bytes; twelve are enough. Empty: none that we know.
std::optional<PictureKind> find_picture_kind(const ByteReader& file);

struct PictureHeader {
  PictureKind kind = PictureKind::Jpeg;
  uint32_t width = 0;  // 0: the file does not say
  uint32_t height = 0;
  uint32_t bits = 8;       // of a colour, of JPEG and PNG
  int components = 3;      // of JPEG: 1 grey, 3 colours, 4 CMYK
  std::string sampling;    // of JPEG: "2x2,1x1,1x1" for 4:2:0
  bool has_alpha = false;  // parts of it may be transparent
  bool animated = false;   // WebP
  int orientation = 1;     // as it is stored; see orientation.h
  // Why there is no picture to be had from it, to follow the file's name; empty: none that the
  // header shows.
  std::string fault;
};

// Of a whole file of this kind.
PictureHeader read_picture_header(PictureKind kind, const ByteReader& file);

// The parts, one a file format.
PictureHeader read_jpeg_header(const ByteReader& file);
PictureHeader read_png_header(const ByteReader& file);
PictureHeader read_gif_header(const ByteReader& file);
PictureHeader read_bmp_header(const ByteReader& file);
PictureHeader read_tiff_header(const ByteReader& file);
PictureHeader read_pnm_header(const ByteReader& file);
PictureHeader read_webp_header(const ByteReader& file);

// For `fault`.
extern const char kCutShort[];

}  // namespace jetsoncaption
