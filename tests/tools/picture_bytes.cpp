// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the files as their standards say, as simply as they allow.
#include "picture_bytes.h"

#include <algorithm>

namespace jetsoncaption {

namespace {

// Bits as a JPEG's data has them: a zero follows each byte of ones.
class BitWriter {
 public:
  void write(uint32_t bits, int count) {
    for (int i = count - 1; i >= 0; --i) {
      byte_ = byte_ << 1 | (bits >> i & 1);
      if (++used_ == 8)
        flush();
    }
  }

  std::string finish() {
    while (used_ != 0)
      write(1, 1);
    return bytes_;
  }

 private:
  void flush() {
    bytes_ += static_cast<char>(byte_);
    if ((byte_ & 0xFF) == 0xFF)
      bytes_ += '\0';
    byte_ = 0;
    used_ = 0;
  }

  std::string bytes_;
  uint32_t byte_ = 0;
  int used_ = 0;
};

// One block: the difference of its mean, then nothing. Categories have codes of four bits each, the
// end of a block has one.
void write_block(BitWriter& out, int difference) {
  int category = 0;
  while (std::abs(difference) >> category != 0)
    ++category;
  out.write(static_cast<uint32_t>(category), 4);
  if (category > 0)
    out.write(static_cast<uint32_t>(difference < 0 ? difference + (1 << category) - 1 : difference),
              category);
  out.write(0, 1);
}

std::string coded_data(int width, int height, const std::vector<FlatComponent>& components) {
  int most_x = 1;
  int most_y = 1;
  for (const FlatComponent& component : components) {
    most_x = std::max(most_x, component.horizontal);
    most_y = std::max(most_y, component.vertical);
  }
  const bool single = components.size() == 1;  // whose blocks then lie row by row
  const int across = (width + 8 * most_x - 1) / (8 * most_x);
  const int down = (height + 8 * most_y - 1) / (8 * most_y);
  BitWriter out;
  for (int unit = 0; unit < (single ? (width + 7) / 8 * ((height + 7) / 8) : across * down);
       ++unit) {
    for (const FlatComponent& component : components) {
      const int blocks = single ? 1 : component.horizontal * component.vertical;
      for (int block = 0; block < blocks; ++block)
        write_block(out, unit == 0 && block == 0 ? 8 * (component.value - 128) : 0);
    }
  }
  return out.finish();
}

std::string checksum(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (0xEDB88320 & (0 - (crc & 1)));
  }
  return big_endian(~crc, 4);
}

// zlib without compression.
std::string stored(const std::string& data) {
  constexpr size_t kMostInABlock = 65535;
  std::string out("\x78\x01", 2);
  uint32_t a = 1;
  uint32_t b = 0;
  for (size_t at = 0; at < data.size(); at += kMostInABlock) {
    const std::string block = data.substr(at, kMostInABlock);
    out += at + block.size() == data.size() ? '\1' : '\0';
    out += little_endian(block.size(), 2) + little_endian(~block.size(), 2) + block;
    for (const char c : block) {
      a = (a + static_cast<uint8_t>(c)) % 65521;
      b = (b + a) % 65521;
    }
  }
  return out + big_endian(b << 16 | a, 4);
}

std::string tiff_entry(int tag, int type, uint32_t count, uint32_t value) {
  return little_endian(tag, 2) + little_endian(type, 2) + little_endian(count, 4) +
         little_endian(value, 4);
}

}  // namespace

std::string little_endian(uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i)
    text += static_cast<char>(number >> (8 * i));
  return text;
}

std::string big_endian(uint64_t number, int bytes) {
  const std::string text = little_endian(number, bytes);
  return {text.rbegin(), text.rend()};
}

std::string jpeg_segment(uint8_t marker, const std::string& data) {
  return std::string("\xFF", 1) + static_cast<char>(marker) + big_endian(data.size() + 2, 2) + data;
}

std::string flat_jpeg(int width, int height, const std::vector<FlatComponent>& components,
                      const std::string& segments) {
  std::string frame =
      "\x08" + big_endian(height, 2) + big_endian(width, 2) + static_cast<char>(components.size());
  std::string scan(1, static_cast<char>(components.size()));
  for (size_t i = 0; i < components.size(); ++i) {
    const auto number = static_cast<char>(i + 1);
    frame += number;
    frame += static_cast<char>(components[i].horizontal << 4 | components[i].vertical);
    frame += '\0';
    scan += number;
    scan += '\0';
  }
  scan += std::string("\0\x3F\0", 3);
  // Twelve codes of four bits for categories 0 to 11; one code of one bit for the end of a block.
  std::string categories = std::string("\0\0\0\0\x0C", 5) + std::string(12, '\0');
  for (char category = 0; category < 12; ++category)
    categories += category;
  const std::string ends = std::string("\x10\x01", 2) + std::string(15, '\0') + '\0';
  return "\xFF\xD8" + segments + jpeg_segment(0xDB, std::string(1, '\0') + std::string(64, '\1')) +
         jpeg_segment(0xC0, frame) + jpeg_segment(0xC4, categories) + jpeg_segment(0xC4, ends) +
         jpeg_segment(0xDA, scan) + coded_data(width, height, components) + "\xFF\xD9";
}

std::string exif_block(int orientation) {
  return std::string("II*\0\x08\0\0\0\x01\0", 10) +
         tiff_entry(0x0112, 3, 1, static_cast<uint32_t>(orientation)) + std::string(4, '\0');
}

std::string png_chunk(const std::string& name, const std::string& data) {
  return big_endian(data.size(), 4) + name + data + checksum(name + data);
}

std::string png_file(uint32_t width, uint32_t height, int bits, int colour_type,
                     const std::vector<std::string>& rows, const std::string& chunks) {
  std::string data;
  for (const std::string& row : rows)
    data += '\0' + row;
  std::string header = big_endian(width, 4) + big_endian(height, 4);
  header += static_cast<char>(bits);
  header += static_cast<char>(colour_type);
  header += std::string(3, '\0');
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", header) + chunks +
         png_chunk("IDAT", stored(data)) + png_chunk("IEND", "");
}

std::string tiff_file(uint16_t width, uint16_t height, const std::string& pixels, int orientation) {
  constexpr int kShort = 3;
  constexpr int kLong = 4;
  const auto data_bytes = static_cast<uint32_t>(pixels.size());
  const uint32_t bits_at = 8 + data_bytes;
  std::string file = "II" + little_endian(42, 2) + little_endian(bits_at + 6, 4) + pixels +
                     little_endian(8, 2) + little_endian(8, 2) + little_endian(8, 2);
  file += little_endian(10, 2);
  file += tiff_entry(256, kShort, 1, width) + tiff_entry(257, kShort, 1, height) +
          tiff_entry(258, kShort, 3, bits_at) + tiff_entry(259, kShort, 1, 1) +
          tiff_entry(262, kShort, 1, 2) + tiff_entry(273, kLong, 1, 8) +
          tiff_entry(274, kShort, 1, static_cast<uint32_t>(orientation)) +
          tiff_entry(277, kShort, 1, 3) + tiff_entry(278, kShort, 1, height) +
          tiff_entry(279, kLong, 1, data_bytes);
  return file + std::string(4, '\0');
}

std::string bmp_file(int32_t width, int32_t height, const std::string& pixels) {
  std::string data;
  for (int32_t y = height - 1; y >= 0; --y) {
    std::string row;
    for (int32_t x = 0; x < width; ++x) {
      const std::string pixel = pixels.substr(static_cast<size_t>(y * width + x) * 3, 3);
      row += std::string(pixel.rbegin(), pixel.rend());
    }
    row.resize((row.size() + 3) / 4 * 4);
    data += row;
  }
  return "BM" + little_endian(54 + data.size(), 4) + little_endian(0, 4) + little_endian(54, 4) +
         little_endian(40, 4) + little_endian(static_cast<uint32_t>(width), 4) +
         little_endian(static_cast<uint32_t>(height), 4) + little_endian(1, 2) +
         little_endian(24, 2) + little_endian(0, 4) + little_endian(data.size(), 4) +
         std::string(16, '\0') + data;
}

}  // namespace jetsoncaption
