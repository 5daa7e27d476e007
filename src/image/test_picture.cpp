// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures that a formula makes, so that a model can be tested where there is no picture.
#include "image/test_picture.h"

#include <array>
#include <cstdint>

namespace jetsoncaption {
namespace {

using Color = std::array<int, 3>;

// A linear congruential generator with Knuth's constants for MMIX. The standard library's
// distributions give other numbers on other systems.
class Numbers {
 public:
  explicit Numbers(int seed) : state_(static_cast<uint64_t>(seed)) {}

  // At least `first`, below `end`.
  int between(int first, int end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return first + static_cast<int>((state_ >> 33) % static_cast<uint64_t>(end - first));
  }
  Color color() {
    Color color{};
    for (int& channel : color)
      channel = between(0, 256);
    return color;
  }

 private:
  uint64_t state_;
};

// What is in the picture. Places and sizes are thousandths of its width and height.
struct Scene {
  explicit Scene(int number) {
    Numbers numbers(number);
    sky = numbers.color();
    haze = numbers.color();
    ground = numbers.color();
    horizon = numbers.between(300, 800);
    disc = numbers.color();
    disc_x = numbers.between(100, 900);
    disc_y = numbers.between(100, 900);
    disc_radius = numbers.between(60, 300);
    box = numbers.color();
    box_left = numbers.between(0, 700);
    box_top = numbers.between(0, 700);
    box_right = box_left + numbers.between(100, 300);
    box_bottom = box_top + numbers.between(100, 600);
  }

  // The sky fades into haze down to the horizon, and the ground has a grain.
  int at(int x, int y, int grain, size_t channel) const {
    const int from_disc_x = x - disc_x;
    const int from_disc_y = y - disc_y;
    if (from_disc_x * from_disc_x + from_disc_y * from_disc_y < disc_radius * disc_radius)
      return disc[channel];
    if (x >= box_left && x < box_right && y >= box_top && y < box_bottom)
      return box[channel];
    if (y >= horizon)
      return ground[channel] * 3 / 4 + grain;
    return (sky[channel] * (horizon - y) + haze[channel] * y) / horizon;
  }

  Color sky, haze, ground, disc, box;
  int horizon;
  int disc_x, disc_y, disc_radius;
  int box_left, box_top, box_right, box_bottom;
};

}  // namespace

Image make_test_picture(int number, int width, int height) {
  const Scene scene(number);
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.reserve(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int grain = (x * 7 + y * 13) % 64;
      for (size_t channel = 0; channel < 3; ++channel) {
        image.pixels.push_back(
            static_cast<uint8_t>(scene.at(x * 1000 / width, y * 1000 / height, grain, channel)));
      }
    }
  }
  return image;
}

}  // namespace jetsoncaption
