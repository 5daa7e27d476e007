// SPDX-License-Identifier: LGPL-2.1-or-later
// That the captioner sees the frame: the right colors in the right places, in any format and size.
#include "plugin/frames/frame_shrink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gst/gst.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "test_frame.h"

namespace jetsoncaption {
namespace {

constexpr int kSide = 224;
using Pixel = std::array<int, 3>;

// Shrinks to kSide x kSide and answers questions about pixels.
class Shrunk {
 public:
  explicit Shrunk(TestFrame& frame, int width = kSide, int height = kSide)
      : width_(width), pixels_(static_cast<size_t>(width) * height * 3) {
    FrameShrinker shrinker(frame.get()->info, width, height);
    ok_ = shrinker.read(frame.get());
    if (ok_)
      shrinker.finish(pixels_.data());
  }
  bool ok() const { return ok_; }
  const std::vector<uint8_t>& bytes() const { return pixels_; }
  Pixel at(int x, int y) const {
    const size_t i = (static_cast<size_t>(y) * width_ + x) * 3;
    return {pixels_[i], pixels_[i + 1], pixels_[i + 2]};
  }

 private:
  int width_;
  std::vector<uint8_t> pixels_;
  bool ok_ = false;
};

void expect_near(const Pixel& seen, const Pixel& expected, int tolerance) {
  for (size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(seen[i], expected[i], tolerance) << "channel " << i;
}

// Fills some rows of a frame; components in GStreamer's order: R, G, B, A or Y, U, V.
void fill_rows(TestFrame& frame, int first, int last, const std::vector<uint8_t>& components) {
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(frame.get()); ++c)
    for (int y = first; y < last; ++y)
      for (int x = 0; x < GST_VIDEO_FRAME_WIDTH(frame.get()); ++x)
        *frame.sample(c, x, y) = components[c];
}

void fill(TestFrame& frame, const std::vector<uint8_t>& components) {
  fill_rows(frame, 0, GST_VIDEO_FRAME_HEIGHT(frame.get()), components);
}

class ShrinkFormat : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  GstVideoFormat format() const { return gst_video_format_from_string(GetParam().c_str()); }
};

TEST_P(ShrinkFormat, KeepsASolidColorInFramesOfEverySize) {
  for (const auto& size :
       {std::pair<int, int>{1, 1}, {2, 2}, {3, 3}, {5, 700}, {224, 224}, {641, 479}, {64, 1080}}) {
    for (const int padding : {0, 30}) {
      SCOPED_TRACE(testing::Message()
                   << size.first << "x" << size.second << " padding " << padding);
      TestFrame frame(format(), size.first, size.second, padding, 0xFF);
      ASSERT_TRUE(frame.mapped());
      frame.get()->info.colorimetry.range = GST_VIDEO_COLOR_RANGE_16_235;
      frame.get()->info.colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_BT601;
      const bool rgb = GST_VIDEO_INFO_IS_RGB(&frame.get()->info);
      const bool gray = format() == GST_VIDEO_FORMAT_GRAY8;
      if (rgb)
        frame.get()->info.colorimetry = {GST_VIDEO_COLOR_RANGE_0_255, GST_VIDEO_COLOR_MATRIX_RGB,
                                         GST_VIDEO_TRANSFER_SRGB, GST_VIDEO_COLOR_PRIMARIES_BT709};
      // The transparent color of RGBA counts as if it were opaque.
      fill(frame, rgb ? std::vector<uint8_t>{200, 100, 50, 0} : std::vector<uint8_t>{119, 97, 176});

      const Shrunk shrunk(frame);

      ASSERT_TRUE(shrunk.ok());
      const Pixel expected = rgb    ? Pixel{200, 100, 50}
                             : gray ? Pixel{120, 120, 120}
                                    : Pixel{197, 93, 57};
      for (const int at : {0, kSide / 2, kSide - 1})
        expect_near(shrunk.at(at, at), expected, 1);
    }
  }
}

TEST_P(ShrinkFormat, KeepsTopAndBottomApart) {
  for (const auto& size : {std::pair<int, int>{640, 480}, {64, 1080}, {64, 2160}}) {
    TestFrame frame(format(), size.first, size.second);
    const int half = size.second / 2;
    fill_rows(frame, 0, half, {240, 240, 60, 255});
    fill_rows(frame, half, size.second, {20, 60, 240, 255});

    const Shrunk shrunk(frame);

    ASSERT_TRUE(shrunk.ok());
    // A row of chroma covers two rows of luma, and the filter reaches a row to each side.
    for (const int x : {0, kSide / 2, kSide - 1}) {
      EXPECT_EQ(shrunk.at(x, kSide / 2 - 5), shrunk.at(x, 0));
      EXPECT_EQ(shrunk.at(x, kSide / 2 + 5), shrunk.at(x, kSide - 1));
      EXPECT_NE(shrunk.at(x, 0), shrunk.at(x, kSide - 1));
    }
  }
}

// Pixels of two by two have one color, so that none is lost where pixels share it.
std::array<uint8_t, 3> block_at(int x, int y) {
  const unsigned noise = static_cast<unsigned>(x / 2 * 7919 + y / 2 * 104729) * 2654435761U;
  return {static_cast<uint8_t>(90 + (noise >> 24) % 70),
          static_cast<uint8_t>(100 + (noise >> 16) % 56),
          static_cast<uint8_t>(100 + (noise >> 8) % 56)};
}

// ITU-R BT.709-6, 16 to 235.
Pixel converted(const std::array<uint8_t, 3>& yuv) {
  const double y = 255.0 / 219 * (yuv[0] - 16);
  const double u = 255.0 / 224 * (yuv[1] - 128), v = 255.0 / 224 * (yuv[2] - 128);
  return {static_cast<int>(std::lround(y + 1.5748 * v)),
          static_cast<int>(std::lround(y - 0.187324 * u - 0.468124 * v)),
          static_cast<int>(std::lround(y + 1.8556 * u))};
}

TEST_P(ShrinkFormat, SeesWhatTheToolsSeeOfTheSamePicture) {
  const int width = 640, height = 360;
  TestFrame frame(format(), width, height, 10);
  const bool rgb = GST_VIDEO_INFO_IS_RGB(&frame.get()->info);
  if (!rgb)
    gst_video_colorimetry_from_string(&frame.get()->info.colorimetry, "bt709");
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::array<uint8_t, 3> block = block_at(x, y);
      const guint components = std::min(3U, GST_VIDEO_FRAME_N_COMPONENTS(frame.get()));
      for (guint c = 0; c < components; ++c)
        *frame.sample(c, x, y) = block[c];
      if (components == 1)
        block[1] = block[2] = 128;
      const Pixel color = rgb ? Pixel{block[0], block[1], block[2]} : converted(block);
      for (const int value : color)
        pixels.push_back(static_cast<uint8_t>(value));
    }
  }
  std::vector<uint8_t> expected(kSide * kSide * 3);
  Shrinker shrinker;
  ASSERT_TRUE(
      shrinker.shrink_to({pixels.data(), width, height, width * 3}, kSide, kSide, expected.data())
          .ok());

  const std::vector<uint8_t> seen = Shrunk(frame).bytes();

  if (rgb) {
    EXPECT_EQ(seen, expected);
  } else {
    // Lines are averaged to whole numbers, and a unit of U is 2.1 of blue.
    std::array<int, 4> counts{};
    for (size_t i = 0; i < seen.size(); ++i) {
      const int difference = std::abs(seen[i] - expected[i]);
      ASSERT_LE(difference, 3) << "byte " << i;
      counts[static_cast<size_t>(difference)]++;
    }
    EXPECT_LE(counts[2], 0.02 * static_cast<double>(seen.size()));
    EXPECT_LE(counts[3], 0.0001 * static_cast<double>(seen.size()));
  }
}

TEST_P(ShrinkFormat, LeavesAFrameOfTheRightSizeAsItIs) {
  TestFrame frame(format(), kSide, kSide);
  if (!GST_VIDEO_INFO_IS_RGB(&frame.get()->info))
    return;  // whose colors are others afterwards
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      for (guint c = 0; c < 3; ++c)
        *frame.sample(c, x, y) = block_at(x, y)[c];

  const Shrunk shrunk(frame);

  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      ASSERT_EQ(shrunk.at(x, y), (Pixel{block_at(x, y)[0], block_at(x, y)[1], block_at(x, y)[2]}));
}

INSTANTIATE_TEST_SUITE_P(All, ShrinkFormat, testing::ValuesIn(supported_formats()),
                         [](const auto& parameter) { return parameter.param; });

class Shrink : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static Pixel color_of(const std::vector<uint8_t>& yuv, const char* colorimetry) {
    TestFrame frame(GST_VIDEO_FORMAT_NV12, 640, 480);
    EXPECT_TRUE(gst_video_colorimetry_from_string(&frame.get()->info.colorimetry, colorimetry));
    fill(frame, yuv);
    return Shrunk(frame).at(100, 100);
  }
};

// The values of the primaries as the recommendations print them, rounded to whole numbers; a unit
// of chroma is two of a color.
TEST_F(Shrink, ReadsPrimariesByTheMatrixOfTheFrame) {
  expect_near(color_of({81, 90, 240}, "bt601"), {255, 0, 0}, 2);
  expect_near(color_of({145, 54, 34}, "bt601"), {0, 255, 0}, 2);
  expect_near(color_of({41, 240, 110}, "bt601"), {0, 0, 255}, 2);
  expect_near(color_of({63, 102, 240}, "bt709"), {255, 0, 0}, 2);
  expect_near(color_of({173, 42, 26}, "bt709"), {0, 255, 0}, 2);
  expect_near(color_of({32, 240, 118}, "bt709"), {0, 0, 255}, 2);
}

TEST_F(Shrink, ReadsTheRangeOfTheFrame) {
  expect_near(color_of({235, 128, 128}, "2:4:5:1"), {255, 255, 255}, 0);
  expect_near(color_of({16, 128, 128}, "2:4:5:1"), {0, 0, 0}, 0);
  expect_near(color_of({235, 128, 128}, "1:4:5:1"), {235, 235, 235}, 0);
  expect_near(color_of({76, 85, 255}, "1:4:5:1"), {254, 0, 0}, 2);
}

TEST_F(Shrink, UndoesTheColorsOfVideoconvert) {
  for (const char* colorimetry : {"bt601", "bt709"}) {
    for (const auto& color :
         {std::vector<uint8_t>{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {90, 160, 200}}) {
      TestFrame rgb(GST_VIDEO_FORMAT_RGB, 640, 480);
      fill(rgb, color);
      TestFrame frame(GST_VIDEO_FORMAT_NV12, 640, 480);
      gst_video_colorimetry_from_string(&frame.get()->info.colorimetry, colorimetry);
      GstVideoConverter* converter =
          gst_video_converter_new(&rgb.get()->info, &frame.get()->info, nullptr);
      gst_video_converter_frame(converter, rgb.get(), frame.get());
      gst_video_converter_free(converter);

      // GStreamer's own matrix is up to three units off.
      expect_near(Shrunk(frame).at(100, 100), {color[0], color[1], color[2]}, 5);
    }
  }
}

TEST_F(Shrink, AveragesWhatIsTooFineToSee) {
  TestFrame frame(GST_VIDEO_FORMAT_RGB, 1920, 1080);
  for (int y = 0; y < 1080; ++y)
    for (int x = 0; x < 1920; ++x)
      for (guint c = 0; c < 3; ++c)
        *frame.sample(c, x, y) = x % 2 == 0 ? 255 : 0;

  const Shrunk shrunk(frame);

  for (const int at : {10, 100, 200})
    expect_near(shrunk.at(at, at), {127, 127, 127}, 2);
}

TEST_F(Shrink, FollowsAGradientOfATallFrame) {
  TestFrame frame(GST_VIDEO_FORMAT_GRAY8, 32, 2160);
  for (int y = 0; y < 2160; ++y)
    fill_rows(frame, y, y + 1, {static_cast<uint8_t>(y * 255 / 2159)});

  const Shrunk shrunk(frame);

  for (int row = 2; row < kSide - 2; ++row)
    EXPECT_NEAR(shrunk.at(16, row)[0], (row + 0.5) * 255 / kSide, 1.5) << "row " << row;
}

TEST_F(Shrink, LooksAtInterlacedFramesAsAWhole) {
  TestFrame frame(GST_VIDEO_FORMAT_I420, 720, 576);
  frame.get()->info.interlace_mode = GST_VIDEO_INTERLACE_MODE_INTERLEAVED;
  frame.get()->flags = GST_VIDEO_FRAME_FLAG_INTERLACED;
  fill_rows(frame, 0, 288, {235, 128, 128});
  fill_rows(frame, 288, 576, {16, 128, 128});

  const Shrunk shrunk(frame);

  expect_near(shrunk.at(100, 10), {255, 255, 255}, 1);
  expect_near(shrunk.at(100, 214), {0, 0, 0}, 1);
}

TEST_F(Shrink, WritesExactlyTheSizeThatIsAskedFor) {
  TestFrame frame(GST_VIDEO_FORMAT_NV12, 640, 480);
  for (const auto& size : {std::pair<int, int>{1, 1}, {7, 5}, {224, 224}, {299, 150}, {800, 600}}) {
    const size_t bytes = static_cast<size_t>(size.first) * size.second * 3;
    std::vector<uint8_t> rgb(bytes + 64, 0xA5);
    FrameShrinker shrinker(frame.get()->info, size.first, size.second);

    ASSERT_TRUE(shrinker.read(frame.get()));
    shrinker.finish(rgb.data());

    for (size_t i = bytes; i < rgb.size(); ++i)
      ASSERT_EQ(rgb[i], 0xA5) << size.first << "x" << size.second;
    EXPECT_NE(rgb[bytes - 1], 0xA5);
  }
}

TEST_F(Shrink, GivesTheSamePictureAgain) {
  TestFrame frame(GST_VIDEO_FORMAT_YUY2, 641, 479, 14);
  for (int y = 0; y < 479; ++y)
    fill_rows(frame, y, y + 1,
              {static_cast<uint8_t>(y % 200), static_cast<uint8_t>(90 + y % 60), 128});
  FrameShrinker shrinker(frame.get()->info, kSide, kSide);
  std::vector<uint8_t> first(kSide * kSide * 3), second(kSide * kSide * 3);

  for (auto* rgb : {&first, &second}) {
    ASSERT_TRUE(shrinker.read(frame.get()));
    shrinker.finish(rgb->data());
  }

  EXPECT_EQ(first, second);
}

TEST_F(Shrink, RefusesAFrameOfAnotherFormatOrSize) {
  TestFrame made_for(GST_VIDEO_FORMAT_NV12, 640, 480);
  TestFrame other_format(GST_VIDEO_FORMAT_I420, 640, 480);
  TestFrame other_size(GST_VIDEO_FORMAT_NV12, 320, 480);
  FrameShrinker shrinker(made_for.get()->info, kSide, kSide);

  EXPECT_FALSE(shrinker.read(other_format.get()));
  EXPECT_FALSE(shrinker.read(other_size.get()));
  EXPECT_TRUE(shrinker.read(made_for.get()));
}

// As a GstVideoMeta tells of it that counts the padding of a decoder.
TEST_F(Shrink, ReadsWhatItsInfoNamesOfALargerFrame) {
  TestFrame seen(GST_VIDEO_FORMAT_NV12, 320, 240);
  TestFrame larger(GST_VIDEO_FORMAT_NV12, 320, 256);
  fill_rows(larger, 0, 240, {235, 128, 128});
  fill_rows(larger, 240, 256, {16, 128, 128});
  FrameShrinker shrinker(seen.get()->info, kSide, kSide);
  ASSERT_TRUE(shrinker.read(larger.get()));
  std::vector<uint8_t> pixels(size_t{kSide} * kSide * 3);
  shrinker.finish(pixels.data());
  EXPECT_GE(*std::min_element(pixels.begin(), pixels.end()), 250);
}

}  // namespace
}  // namespace jetsoncaption
