// SPDX-License-Identifier: LGPL-2.1-or-later
// What counts as a picture of nothing.
#include "captioner/blank_picture.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "image/test_picture.h"

namespace jetsoncaption {
namespace {

constexpr int kSide = 32;
constexpr size_t kStride = kSide * 3 + 5;  // what is behind a row is not looked at

// A blue picture, a part of whose rows has so much more red.
std::vector<uint8_t> picture(int rows, uint8_t more) {
  std::vector<uint8_t> pixels(kStride * kSide, 255);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      uint8_t* pixel = &pixels[static_cast<size_t>(y) * kStride + static_cast<size_t>(x) * 3];
      pixel[0] = y < rows ? more : 0;
      pixel[1] = 20;
      pixel[2] = 200;
    }
  }
  return pixels;
}

bool is_blank(const std::vector<uint8_t>& pixels) {
  return is_blank(ImageView{pixels.data(), kSide, kSide, kStride});
}

TEST(BlankPicture, IsOneOfOneColor) {
  EXPECT_TRUE(is_blank(picture(0, 0)));
}

TEST(BlankPicture, MayHaveTheNoiseOfASensor) {
  EXPECT_TRUE(is_blank(picture(kSide / 2, 7)));   // a deviation of 3.5
  EXPECT_FALSE(is_blank(picture(kSide / 2, 9)));  // and of 4.5, in one channel only
}

TEST(BlankPicture, HasNoLampInTheDark) {
  EXPECT_FALSE(is_blank(picture(1, 255)));
}

TEST(BlankPicture, IsNoneOfTheTestPictures) {
  for (int number = 0; number < kTestPictures; ++number)
    EXPECT_FALSE(is_blank(make_test_picture(number, 224, 224).view()));
}

TEST(BlankPicture, IsNotOneWithoutPixels) {
  EXPECT_FALSE(is_blank(ImageView()));
}

}  // namespace
}  // namespace jetsoncaption
