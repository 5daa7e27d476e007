// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells picture formats apart by their first bytes.
#include "tools/picture_header.h"

#include "tools/orientation.h"

namespace jetsoncaption {

const char kCutShort[] =
    " ends in the middle of its data: a part of the picture is missing. Copy the file again.";

const char* picture_kind_name(PictureKind kind) {
  switch (kind) {
    case PictureKind::Jpeg:
      return "JPEG";
    case PictureKind::Png:
      return "PNG";
    case PictureKind::Gif:
      return "GIF";
    case PictureKind::Bmp:
      return "BMP";
    case PictureKind::Tiff:
      return "TIFF";
    case PictureKind::Pnm:
      return "PNM";
    case PictureKind::Webp:
      return "WebP";
    case PictureKind::Heif:
      return "HEIF";
  }
  return "";
}

std::optional<PictureKind> find_picture_kind(const ByteReader& file) {
  if (file.has(0, "\xFF\xD8\xFF", 3))
    return PictureKind::Jpeg;
  if (file.has(0, "\x89PNG\r\n\x1A\n", 8))
    return PictureKind::Png;
  if (file.has(0, "GIF8", 4))
    return PictureKind::Gif;
  if (file.has(0, "BM", 2))
    return PictureKind::Bmp;
  if (file.has(0, "II*\0", 4) || file.has(0, "MM\0*", 4))
    return PictureKind::Tiff;
  if (file.has(0, "RIFF", 4) && file.has(8, "WEBP", 4))
    return PictureKind::Webp;
  for (const char* brand : {"heic", "heix", "mif1", "avif"}) {
    if (file.has(4, "ftyp", 4) && file.has(8, brand, 4))
      return PictureKind::Heif;
  }
  const uint32_t pnm_variant = file.u8(1);
  const uint32_t after = file.u8(2);
  const bool separated = after == ' ' || after == '\t' || after == '\n' || after == '\r';
  if (file.u8(0) == 'P' && pnm_variant >= '1' && pnm_variant <= '6' && separated)
    return PictureKind::Pnm;
  return std::nullopt;
}

PictureHeader read_picture_header(PictureKind kind, const ByteReader& file) {
  switch (kind) {
    case PictureKind::Jpeg:
      return read_jpeg_header(file);
    case PictureKind::Png:
      return read_png_header(file);
    case PictureKind::Gif:
      return read_gif_header(file);
    case PictureKind::Bmp:
      return read_bmp_header(file);
    case PictureKind::Tiff:
      return read_tiff_header(file);
    case PictureKind::Pnm:
      return read_pnm_header(file);
    case PictureKind::Webp:
      return read_webp_header(file);
    case PictureKind::Heif:
      break;
  }
  PictureHeader header;
  header.kind = PictureKind::Heif;
  header.fault =
      " is a HEIC or AVIF picture, which GStreamer does not decode; make it JPEG first, with "
      "heif-convert IN OUT.jpg (package libheif-examples).";
  return header;
}

}  // namespace jetsoncaption
