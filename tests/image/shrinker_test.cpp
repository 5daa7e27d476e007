// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures of any size become the model's input without aliasing, the same on every machine.
#include "image/shrinker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

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

Image shrink(const ImageView& source, int width, int height,
             const ShrinkKernels& kernels = chosen_shrink_kernels()) {
  Image result = make_image(width, height);
  Shrinker shrinker(kernels);
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

// A picture in any layout, with planes whose lines are padded and end with the last sample.
class PlanarPicture {
 public:
  PlanarPicture(PixelLayout layout, size_t padding) : layout_(std::move(layout)) {
    for (const SampleLayout& samples : layout_.components) {
      auto& plane = planes_[static_cast<size_t>(samples.plane)];
      const int columns = (layout_.width + samples.shared_columns - 1) / samples.shared_columns;
      const int rows = (layout_.height + samples.shared_rows - 1) / samples.shared_rows;
      auto& bytes = line_bytes_[static_cast<size_t>(samples.plane)];
      bytes =
          std::max(bytes, static_cast<size_t>((columns - 1) * samples.step + samples.offset + 1));
      plane.resize(static_cast<size_t>(rows - 1) * (bytes + padding) + bytes);
    }
    for (size_t i = 0; i < planes_.size(); ++i)
      views_[i] = {planes_[i].data(), static_cast<ptrdiff_t>(line_bytes_[i] + padding)};
  }
  PlanarPicture(const PlanarPicture&) = delete;
  PlanarPicture& operator=(const PlanarPicture&) = delete;

  void fill_with_noise() {
    std::mt19937 generator(7);
    for (auto& plane : planes_) {
      for (uint8_t& value : plane)
        value = static_cast<uint8_t>(generator());
    }
  }

  uint8_t& sample(size_t component, int x, int y) {
    const SampleLayout& samples = layout_.components[component];
    const auto plane = static_cast<size_t>(samples.plane);
    return planes_[plane]
                  [static_cast<size_t>(y / samples.shared_rows * views_[plane].stride +
                                       x / samples.shared_columns * samples.step + samples.offset)];
  }

  Image shrink(int width, int height,
               const ShrinkKernels& kernels = chosen_shrink_kernels()) const {
    Shrinker shrinker(kernels);
    shrinker.prepare(layout_, width, height);
    shrinker.read(views_);
    Image result = make_image(width, height);
    shrinker.finish(result.pixels.data());
    return result;
  }

 private:
  const PixelLayout layout_;
  std::array<std::vector<uint8_t>, kMostPlanes> planes_;
  std::array<size_t, kMostPlanes> line_bytes_{};
  PlaneViews views_;
};

struct NamedLayout {
  const char* name;
  std::vector<SampleLayout> components;
  bool is_rgb;
};

std::ostream& operator<<(std::ostream& stream, const NamedLayout& layout) {
  return stream << layout.name;
}

class ShrinkerLayouts : public testing::TestWithParam<NamedLayout> {
 protected:
  PixelLayout layout(int width, int height) const {
    PixelLayout layout;
    layout.width = width;
    layout.height = height;
    layout.components = GetParam().components;
    layout.is_rgb = GetParam().is_rgb;
    return layout;
  }
};

// Plane, offset, step, columns and rows that share a sample.
INSTANTIATE_TEST_SUITE_P(
    Shrinker, ShrinkerLayouts,
    testing::Values(NamedLayout{"RGB", {{0, 0, 3}, {0, 1, 3}, {0, 2, 3}}, true},
                    NamedLayout{"xBGR", {{0, 3, 4}, {0, 2, 4}, {0, 1, 4}}, true},
                    NamedLayout{"NV12", {{0, 0, 1}, {1, 0, 2, 2, 2}, {1, 1, 2, 2, 2}}, false},
                    NamedLayout{"NV21", {{0, 0, 1}, {1, 1, 2, 2, 2}, {1, 0, 2, 2, 2}}, false},
                    NamedLayout{"I420", {{0, 0, 1}, {1, 0, 1, 2, 2}, {2, 0, 1, 2, 2}}, false},
                    NamedLayout{"YUY2", {{0, 0, 2}, {0, 1, 4, 2, 1}, {0, 3, 4, 2, 1}}, false},
                    NamedLayout{"UYVY", {{0, 1, 2}, {0, 0, 4, 2, 1}, {0, 2, 4, 2, 1}}, false},
                    NamedLayout{"Y42B", {{0, 0, 1}, {1, 0, 1, 2, 1}, {2, 0, 1, 2, 1}}, false},
                    NamedLayout{"Y444", {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}}, false},
                    NamedLayout{"Gray", {{0, 0, 1}}, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(ShrinkerLayouts, GiveTheSameBytesWithEveryInstructionSet) {
  std::mt19937 generator(11);
  const auto between = [&](int lowest, int highest) {
    return lowest + static_cast<int>(generator() % static_cast<unsigned>(highest - lowest + 1));
  };
  for (int shape = 0; shape < 30; ++shape) {
    const int width = between(1, shape < 5 ? 4 : 700), height = between(1, shape < 5 ? 4 : 300);
    const int to_width = between(1, 70), to_height = between(1, 70);
    SCOPED_TRACE(testing::Message()
                 << width << "x" << height << " to " << to_width << "x" << to_height);
    PlanarPicture picture(layout(width, height), static_cast<size_t>(between(0, 20)));
    picture.fill_with_noise();

    const Image plain = picture.shrink(to_width, to_height, *runnable_shrink_kernels().front());

    for (const ShrinkKernels* kernels : runnable_shrink_kernels())
      ASSERT_EQ(picture.shrink(to_width, to_height, *kernels).pixels, plain.pixels)
          << kernels->name;
  }
}

// What RGB pictures come to if they are converted first: all that may differ is rounding. Pixels
// that share a color have the same one here.
TEST_P(ShrinkerLayouts, GiveWhatTheRgbPictureGives) {
  for (const auto& size : {std::pair<int, int>{1280, 720}, {641, 479}, {320, 240}, {224, 224}}) {
    SCOPED_TRACE(testing::Message() << size.first << "x" << size.second);
    PlanarPicture picture(layout(size.first, size.second), 6);
    Image rgb = make_image(size.first, size.second);
    for (int y = 0; y < size.second; ++y) {
      for (int x = 0; x < size.first; ++x) {
        const unsigned noise = static_cast<unsigned>(x / 2 * 7919 + y / 2 * 104729) * 2654435761U;
        int values[] = {90 + (x * 31 + y * 17) % 70, static_cast<int>(100 + (noise >> 24) % 56),
                        static_cast<int>(100 + (noise >> 16 & 255) % 56)};
        for (size_t c = 0; c < GetParam().components.size(); ++c)
          picture.sample(c, x, y) = static_cast<uint8_t>(values[c]);
        if (GetParam().components.size() == 1)
          values[1] = values[2] = 128;
        // ITU-R BT.601, 16 to 235.
        const double luma = 255.0 / 219 * (values[0] - 16);
        const double u = 255.0 / 224 * (values[1] - 128), v = 255.0 / 224 * (values[2] - 128);
        const double converted[] = {luma + 1.402 * v, luma - 0.344136 * u - 0.714136 * v,
                                    luma + 1.772 * u};
        for (size_t c = 0; c < 3; ++c)
          rgb.pixels[(static_cast<size_t>(y) * size.first + x) * 3 + c] =
              static_cast<uint8_t>(GetParam().is_rgb ? values[c] : std::lround(converted[c]));
      }
    }

    const Image shrunk = picture.shrink(224, 224);

    const Image expected = shrink(rgb.view(), 224, 224);
    if (GetParam().is_rgb) {
      EXPECT_EQ(shrunk.pixels, expected.pixels);
      continue;
    }
    int different = 0;
    for (size_t i = 0; i < expected.pixels.size(); ++i) {
      const int difference = std::abs(shrunk.pixels[i] - expected.pixels[i]);
      ASSERT_LE(difference, 2) << "byte " << i;
      different += difference;
    }
    EXPECT_LT(different, 0.4 * static_cast<double>(expected.pixels.size()));
  }
}

// FNV-1a, 64 bits.
uint64_t checksum(const std::vector<uint8_t>& bytes) {
  uint64_t sum = 14695981039346656037U;
  for (const uint8_t byte : bytes)
    sum = (sum ^ byte) * 1099511628211U;
  return sum;
}

TEST(Shrinker, GivesTheseBytesOnEveryMachine) {
  PixelLayout layout;
  layout.width = 641;
  layout.height = 479;
  layout.components = {{0, 0, 1}, {1, 0, 2, 2, 2}, {1, 1, 2, 2, 2}};
  layout.is_rgb = false;
  PlanarPicture nv12(layout, 0);
  nv12.fill_with_noise();

  EXPECT_EQ(checksum(shrink(noise_image(641, 479).view(), 224, 224).pixels), 342104193103529615U);
  EXPECT_EQ(checksum(nv12.shrink(224, 224).pixels), 9399809555986409397U);
}

TEST(Shrinker, ServesPicturesAndFramesInTurn) {
  const Image camera = noise_image(90, 60);
  PixelLayout layout;
  layout.width = camera.width;
  layout.height = camera.height;
  layout.components = {{0, 0, 3}, {0, 1, 3}, {0, 2, 3}};
  const PlaneViews planes = {PlaneView{camera.pixels.data(), 270}};
  Image of_frame = make_image(32, 32), of_picture = make_image(32, 32);
  Shrinker shrinker;
  for (int i = 0; i < 2; ++i) {
    shrinker.prepare(layout, 32, 32);
    shrinker.read(planes);
    shrinker.finish(of_frame.pixels.data());
    ASSERT_TRUE(shrinker.shrink_to(camera.view(), 32, 32, of_picture.pixels.data()).ok());
    EXPECT_EQ(of_frame.pixels, of_picture.pixels);
  }
}

}  // namespace
}  // namespace jetsoncaption
