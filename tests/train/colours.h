// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of one colour each, made when they are read: a data set that is learned in a second.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_view.h"

namespace jetsoncaption {

struct Colour {
  const char* name;
  std::array<uint8_t, 3> rgb;
};

inline const std::vector<Colour>& colours() {
  // Blue and purple are left out: to an encoder that has learned nothing they look like red.
  static const std::vector<Colour> all = {
      {"black", {0, 0, 0}},   {"white", {255, 255, 255}}, {"red", {255, 0, 0}},
      {"green", {0, 255, 0}}, {"yellow", {255, 255, 0}},  {"turquoise", {0, 255, 255}},
  };
  return all;
}

inline Image colour_picture(const Colour& colour) {
  constexpr int kSide = 40;  // not the size of the network's input
  Image image;
  image.width = kSide;
  image.height = kSide;
  for (int i = 0; i < kSide * kSide; ++i)
    image.pixels.insert(image.pixels.end(), colour.rgb.begin(), colour.rgb.end());
  return image;
}

// A PictureReader: "any/folder/red.png" is red.
inline Result<Image> read_colour(const std::string& path, PictureSize) {
  for (const Colour& colour : colours()) {
    if (path.substr(path.rfind('/') + 1) == std::string(colour.name) + ".png")
      return colour_picture(colour);
  }
  return Error{ErrorKind::NotFound, path + " is no colour"};
}

}  // namespace jetsoncaption
