// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of any size become the model's input without aliasing, the same on every machine.
#include "image/shrinker.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

Image make_image(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.resize(static_cast<size_t>(width) * height * 3);
  return image;
}

Image noise_image(int width, int height) {
  Image image = make_image(width, height);
  std::mt19937 generator(7);
  for (uint8_t& value : image.pixels)
    value = static_cast<uint8_t>(generator());
  return image;
}

Image mirrored(const Image& image) {
  Image result = make_image(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const size_t row = static_cast<size_t>(y) * image.width;
      std::memcpy(&result.pixels[(row + x) * 3], &image.pixels[(row + image.width - 1 - x) * 3], 3);
    }
  }
  return result;
}

Image shrink(const ImageView& source, int width, int height) {
  Image result = make_image(width, height);
  Shrinker shrinker;
  const auto shrunk = shrinker.shrink_to(source, width, height, result.pixels.data());
  EXPECT_TRUE(shrunk.ok()) << shrunk.error().message;
  return result;
}

// The triangle filter as its definition says, in floating point: what one value of the result
// should be.
double filtered(const Image& source, int width, int height, int to_x, int to_y, int channel) {
  const auto weight = [](int x, int from, int to, int i) {
    const double scale = static_cast<double>(from) / to;
    const double distance = std::abs(x + 0.5 - (i + 0.5) * scale) / std::max(scale, 1.0);
    return std::max(0.0, 1 - distance);
  };
  double sum = 0;
  double weights = 0;
  for (int y = 0; y < source.height; ++y) {
    const double row_weight = weight(y, source.height, height, to_y);
    if (row_weight == 0)
      continue;
    for (int x = 0; x < source.width; ++x) {
      const double w = row_weight * weight(x, source.width, width, to_x);
      sum += w * source.pixels[(static_cast<size_t>(y) * source.width + x) * 3 + channel];
      weights += w;
    }
  }
  return sum / weights;
}

struct Sizes {
  const char* name;
  int width, height;        // of the source
  int to_width, to_height;  // of the result
};

std::ostream& operator<<(std::ostream& stream, const Sizes& sizes) {
  return stream << sizes.name;
}

class ShrinkerSizes : public testing::TestWithParam<Sizes> {};

INSTANTIATE_TEST_SUITE_P(
    Preprocess, ShrinkerSizes,
    testing::Values(Sizes{"Camera", 640, 360, 32, 32}, Sizes{"OddFactors", 101, 67, 32, 17},
                    Sizes{"SlightlySmaller", 33, 33, 32, 32}, Sizes{"Enlarged", 5, 3, 32, 32},
                    Sizes{"OnlyWider", 5, 32, 32, 32}, Sizes{"OnlyLower", 32, 77, 32, 32},
                    Sizes{"OnePixel", 1, 1, 32, 32}, Sizes{"ToOnePixel", 50, 40, 1, 1},
                    Sizes{"OneRow", 300, 1, 32, 32}, Sizes{"WideRowInBlocks", 1000, 2, 900, 1}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(ShrinkerSizes, ResultIsTheTriangleFilter) {
  const Sizes& sizes = GetParam();
  const Image source = noise_image(sizes.width, sizes.height);

  const Image result = shrink(source.view(), sizes.to_width, sizes.to_height);

  for (int y = 0; y < sizes.to_height; y += 3) {
    for (int x = 0; x < sizes.to_width; x += 3) {
      const int channel = (x + y) % 3;
      const double expected = filtered(source, sizes.to_width, sizes.to_height, x, y, channel);
      const int value = result.pixels[(static_cast<size_t>(y) * sizes.to_width + x) * 3 + channel];
      // Rounded to a whole value twice, after the rows and after the columns.
      ASSERT_NEAR(value, expected, 1.01) << "at " << x << "," << y;
    }
  }
}

TEST_P(ShrinkerSizes, ConstantColourStaysConstant) {
  const Sizes& sizes = GetParam();
  Image source = make_image(sizes.width, sizes.height);
  for (size_t i = 0; i < source.pixels.size(); i += 3) {
    source.pixels[i] = 255;
    source.pixels[i + 1] = 100;
  }

  const Image result = shrink(source.view(), sizes.to_width, sizes.to_height);

  for (size_t i = 0; i < result.pixels.size(); i += 3) {
    ASSERT_EQ(result.pixels[i], 255);
    ASSERT_EQ(result.pixels[i + 1], 100);
    ASSERT_EQ(result.pixels[i + 2], 0);
  }
}

TEST_P(ShrinkerSizes, MirroredImageGivesTheMirroredResult) {
  const Sizes& sizes = GetParam();
  const Image source = noise_image(sizes.width, sizes.height);

  const Image result = shrink(mirrored(source).view(), sizes.to_width, sizes.to_height);

  const Image plain = shrink(source.view(), sizes.to_width, sizes.to_height);
  EXPECT_EQ(result.pixels, mirrored(plain).pixels);
}

TEST_P(ShrinkerSizes, PaddingBetweenRowsIsNeitherReadNorNeeded) {
  const Sizes& sizes = GetParam();
  const Image source = noise_image(sizes.width, sizes.height);
  const size_t row_bytes = static_cast<size_t>(sizes.width) * 3;
  const size_t stride = row_bytes + 13;
  // Ends with the last pixel, not with the padding: reading on is an error under ASan.
  const size_t bytes = (sizes.height - 1) * stride + row_bytes;
  const std::unique_ptr<uint8_t[]> padded(new uint8_t[bytes]);
  std::fill_n(padded.get(), bytes, uint8_t{255});
  for (int y = 0; y < sizes.height; ++y) {
    std::memcpy(padded.get() + y * stride, &source.pixels[y * row_bytes], row_bytes);
  }

  const Image result =
      shrink({padded.get(), sizes.width, sizes.height, stride}, sizes.to_width, sizes.to_height);

  EXPECT_EQ(result.pixels, shrink(source.view(), sizes.to_width, sizes.to_height).pixels);
}

TEST(Shrinker, EqualSizeIsCopied) {
  const Image source = noise_image(31, 17);
  EXPECT_EQ(shrink(source.view(), 31, 17).pixels, source.pixels);
}

TEST(Shrinker, EqualSizeIsCopiedFromPaddedRows) {
  const Image wide = noise_image(31, 17);
  // The left 20 columns of the wider image: the rest of each row is padding.
  const Image result = shrink({wide.pixels.data(), 20, 17, 31 * 3}, 20, 17);
  for (int y = 0; y < 17; ++y) {
    EXPECT_EQ(std::memcmp(&result.pixels[static_cast<size_t>(y) * 60],
                          &wide.pixels[static_cast<size_t>(y) * 93], 60),
              0)
        << "row " << y;
  }
}

TEST(Shrinker, CheckerboardBecomesGrey) {
  Image source = make_image(256, 256);
  for (int i = 0; i < 256 * 256; ++i) {
    std::fill_n(&source.pixels[static_cast<size_t>(i) * 3], 3, (i + i / 256) % 2 == 0 ? 255 : 0);
  }

  const Image result = shrink(source.view(), 32, 32);

  for (uint8_t value : result.pixels)
    ASSERT_NEAR(value, 127.5, 1.5) << "aliasing";
}

TEST(Shrinker, LargestSideKeepsAConstantColour) {
  // As many weights as can be, each rounded: the worst case for their sum.
  Image source = make_image(kMaxImageSide, 2);
  std::fill(source.pixels.begin(), source.pixels.end(), uint8_t{255});

  const Image result = shrink(source.view(), 1, 1);

  EXPECT_EQ(result.pixels, (std::vector<uint8_t>{255, 255, 255}));
}

TEST(Shrinker, ResultDoesNotDependOnWhatWasShrunkBefore) {
  const Image camera = noise_image(64, 48);
  const Image tall = noise_image(20, 90);
  Shrinker shrinker;
  Image result = make_image(32, 32);
  ASSERT_TRUE(shrinker.shrink_to(camera.view(), 32, 32, result.pixels.data()).ok());

  ASSERT_TRUE(shrinker.shrink_to(tall.view(), 32, 32, result.pixels.data()).ok());
  EXPECT_EQ(result.pixels, shrink(tall.view(), 32, 32).pixels);

  ASSERT_TRUE(shrinker.shrink_to(camera.view(), 32, 32, result.pixels.data()).ok());
  EXPECT_EQ(result.pixels, shrink(camera.view(), 32, 32).pixels);
}

struct Refusal {
  const char* name;
  ImageView source;
  int width, height;
  const char* words;  // in the message
};

std::ostream& operator<<(std::ostream& stream, const Refusal& refusal) {
  return stream << refusal.name;
}

const uint8_t kPixel[3] = {};

class ShrinkerRefusal : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Preprocess, ShrinkerRefusal,
    testing::Values(Refusal{"NoColumns", {kPixel, 0, 1, 3}, 1, 1, "0x1"},
                    Refusal{"NegativeHeight", {kPixel, 1, -1, 3}, 1, 1, "1x-1"},
                    Refusal{"TooWide", {kPixel, 16385, 1, 49155}, 1, 1, "16385x1"},
                    Refusal{"NoResult", {kPixel, 1, 1, 3}, 0, 1, "0x1"},
                    Refusal{"ResultTooHigh", {kPixel, 1, 1, 3}, 1, 16385, "1x16385"},
                    Refusal{"ShortStride", {kPixel, 1, 1, 2}, 1, 1, "stride of 2 bytes"},
                    Refusal{"NoPixels", {nullptr, 1, 1, 3}, 1, 1, "no pixels"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(ShrinkerRefusal, NamesWhatWasFound) {
  const Refusal& refusal = GetParam();
  uint8_t destination[3] = {1, 2, 3};
  Shrinker shrinker;

  const auto shrunk =
      shrinker.shrink_to(refusal.source, refusal.width, refusal.height, destination);

  ASSERT_FALSE(shrunk.ok());
  EXPECT_EQ(shrunk.error().kind, ErrorKind::InvalidArgument);
  EXPECT_NE(shrunk.error().message.find(refusal.words), std::string::npos)
      << shrunk.error().message;
  EXPECT_EQ(destination[0], 1) << "written although refused";
}

}  // namespace
}  // namespace jetsoncaption
