// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the shapes and says what they are.
#include "shapes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace jetsoncaption {
namespace {

constexpr int kSide = 160;

struct Named {
  const char* name;
  std::array<uint8_t, 3> rgb;
};

constexpr Named kColours[] = {{"red", {220, 30, 30}},    {"green", {30, 160, 40}},
                              {"blue", {30, 60, 220}},   {"yellow", {240, 220, 30}},
                              {"pink", {250, 130, 200}}, {"orange", {250, 140, 20}}};
constexpr Named kBackgrounds[] = {
    {"white", {245, 245, 245}}, {"grey", {128, 128, 128}}, {"black", {15, 15, 15}}};
constexpr const char* kShapes[] = {"circle", "square", "triangle"};

// What a picture shows; neighbouring numbers differ in everything.
struct Scene {
  explicit Scene(int number) {
    const auto mixed = static_cast<uint32_t>(number) * 2654435761U;
    const uint32_t kind = (mixed >> 8) % 108;
    colour = static_cast<int>(kind % 6);
    shape = static_cast<int>(kind / 6 % 3);
    big = kind / 18 % 2 == 1;
    background = static_cast<int>(kind / 36);
    radius = big ? 60 : 24;
    const int room = kSide - 2 * radius;
    x = radius + static_cast<int>(mixed >> 20) % room;
    y = radius + static_cast<int>(mixed >> 4 & 0xFFF) % room;
  }

  bool covers(int px, int py) const {
    const int dx = px - x;
    const int dy = py - y;
    if (shape == 0)
      return dx * dx + dy * dy <= radius * radius;
    if (shape == 1)
      return std::max(std::abs(dx), std::abs(dy)) <= radius * 7 / 8;
    return dy <= radius * 3 / 4 && 2 * std::abs(dx) <= dy + radius;
  }

  int colour, shape, background, radius, x, y;
  bool big;
};

void add_number(std::string& bytes, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(number >> shift);
}

uint32_t crc(const std::string& bytes) {
  uint32_t sum = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    sum ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit)
      sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~sum;
}

void add_chunk(std::string& file, const std::string& type, const std::string& content) {
  add_number(file, static_cast<uint32_t>(content.size()));
  file += type + content;
  add_number(file, crc(type + content));
}

// A zlib stream of stored blocks.
std::string stored(const std::string& bytes) {
  std::string stream = "\x78\x01";
  uint32_t a = 1;
  uint32_t b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  for (size_t at = 0; at < bytes.size(); at += 65535) {
    const size_t size = std::min<size_t>(65535, bytes.size() - at);
    stream += static_cast<char>(at + size == bytes.size());
    for (const size_t half : {size, ~size}) {
      stream += static_cast<char>(half & 0xFF);
      stream += static_cast<char>(half >> 8 & 0xFF);
    }
    stream += bytes.substr(at, size);
  }
  add_number(stream, b << 16 | a);
  return stream;
}

}  // namespace

Image shape_picture(int number) {
  const Scene scene(number);
  Image image;
  image.width = image.height = kSide;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto& rgb =
          scene.covers(x, y) ? kColours[scene.colour].rgb : kBackgrounds[scene.background].rgb;
      image.pixels.insert(image.pixels.end(), rgb.begin(), rgb.end());
    }
  }
  return image;
}

std::vector<std::string> shape_sentences(int number) {
  const Scene scene(number);
  const std::string size = scene.big ? "big" : "small";
  const std::string colour = kColours[scene.colour].name;
  const std::string shape = kShapes[scene.shape];
  const std::string background = kBackgrounds[scene.background].name;
  return {"A " + size + " " + colour + " " + shape + " on a " + background + " background .",
          "A " + size + " " + colour + " " + shape + " on " + background + " .",
          "A " + colour + " " + shape + " on a " + background + " background .",
          "There is a " + size + " " + colour + " " + shape + " .",
          "A " + background + " picture with a " + size + " " + colour + " " + shape + " ."};
}

Result<Image> read_shape(const std::string& path, PictureSize) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.compare(0, 5, "shape") != 0)
    return Error{ErrorKind::NotFound, path + " is no shape"};
  return shape_picture(std::atoi(name.c_str() + 5));
}

std::string shape_captions(int count) {
  std::string lines;
  for (int number = 0; number < count; ++number) {
    for (const std::string& sentence : shape_sentences(number))
      lines += "shape" + std::to_string(number) + ".png\t" + sentence + "\n";
  }
  return lines;
}

std::string png_bytes(const Image& image) {
  std::string header;
  add_number(header, static_cast<uint32_t>(image.width));
  add_number(header, static_cast<uint32_t>(image.height));
  header += std::string("\x08\x02\0\0\0", 5);  // 8 bits, RGB
  std::string rows;
  const auto row_bytes = static_cast<size_t>(image.width) * 3;
  for (int y = 0; y < image.height; ++y) {
    rows += '\0';  // no filter
    rows.append(
        reinterpret_cast<const char*>(image.pixels.data()) + static_cast<size_t>(y) * row_bytes,
        row_bytes);
  }
  std::string file = "\x89PNG\r\n\x1A\n";
  add_chunk(file, "IHDR", header);
  add_chunk(file, "IDAT", stored(rows));
  add_chunk(file, "IEND", "");
  return file;
}

}  // namespace jetsoncaption
