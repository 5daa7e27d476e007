// SPDX-License-Identifier: LGPL-2.1-or-later
// Picture files that no encoder of GStreamer writes, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jetsoncaption {

// A JPEG picture of a single colour: what each component is worth and how it is sampled.
struct FlatComponent {
  int horizontal = 1;
  int vertical = 1;
  int value = 128;
};
std::string flat_jpeg(int width, int height, const std::vector<FlatComponent>& components,
                      const std::string& segments = "");

// A segment of a JPEG file, to be inserted behind its first two bytes or given to flat_jpeg().
std::string jpeg_segment(uint8_t marker, const std::string& data);

// An EXIF block that holds the orientation alone.
std::string exif_block(int orientation);

// A chunk of a PNG file.
std::string png_chunk(const std::string& name, const std::string& data);

// A PNG file of these rows of samples; colour types as in the standard (2: RGB, 6: RGBA). `chunks`
// stand before the data.
std::string png_file(uint32_t width, uint32_t height, int bits, int colour_type,
                     const std::vector<std::string>& rows, const std::string& chunks = "");

// An uncompressed TIFF file, RGB, 8 bits.
std::string tiff_file(uint16_t width, uint16_t height, const std::string& pixels, int orientation);

// A BMP file, 24 bits. `pixels` are RGB, from the top.
std::string bmp_file(int32_t width, int32_t height, const std::string& pixels);

std::string little_endian(uint64_t number, int bytes);
std::string big_endian(uint64_t number, int bytes);

}  // namespace jetsoncaption
