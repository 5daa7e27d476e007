// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and videos as the tools read them: right pixels, right times, and sentences for what is
// wrong with a file.
#include "tools/pictures.h"

#include <thread>
#include <vector>

#include "media_files.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

class Pictures : public MediaFilesTest {};

// JPEG and the way through YUV change pure colours by a few steps.
constexpr int kColourTolerance = 6;

void expect_colour(const Image& image, int x, int y, int red, int green, int blue) {
  const uint8_t* pixel = &image.pixels[(static_cast<size_t>(y) * image.width + x) * 3];
  EXPECT_NEAR(pixel[0], red, kColourTolerance);
  EXPECT_NEAR(pixel[1], green, kColourTolerance);
  EXPECT_NEAR(pixel[2], blue, kColourTolerance);
}

TEST_F(Pictures, AreReadWithoutPaddingWhateverTheirWidth) {
  // 33 pixels are 99 bytes a row, which GStreamer pads to 100.
  write_picture("a.png", "pngenc", 33, 17);
  if (IsSkipped())
    return;

  auto image = read_picture(path("a.png"));

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 33);
  EXPECT_EQ(image.value().height, 17);
  ASSERT_EQ(image.value().pixels.size(), size_t{33} * 17 * 3);
  expect_colour(image.value(), 2, 16, 0, 0, 255);
  expect_colour(image.value(), 30, 0, 255, 0, 0);
}

TEST_F(Pictures, InJpegHaveTheSameColours) {
  write_picture("a.jpg", "jpegenc quality=100", 64, 48);
  if (IsSkipped())
    return;

  auto image = read_picture(path("a.jpg"));

  ASSERT_TRUE(image.ok()) << image.error().message;
  expect_colour(image.value(), 8, 24, 0, 0, 255);
  expect_colour(image.value(), 56, 24, 255, 0, 0);
}

TEST_F(Pictures, AreTurnedAsTheirExifOrientationSays) {
  write_picture("plain.jpg", "jpegenc quality=100", 64, 48);
  if (IsSkipped())
    return;
  // Orientation 6: turned by a quarter clockwise when shown, so what was left is on top.
  const std::string exif(
      "\xFF\xE1\0\x22"
      "Exif\0\0"
      "MM\0*\0\0\0\x08"
      "\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
      "\0\0\0\0",
      36);
  write_text("turned.jpg", read_text("plain.jpg").insert(2, exif));

  auto image = read_picture(path("turned.jpg"));

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 48);
  EXPECT_EQ(image.value().height, 64);
  expect_colour(image.value(), 24, 8, 0, 0, 255);
  expect_colour(image.value(), 24, 56, 255, 0, 0);
}

TEST_F(Pictures, CanBeReadInTwoThreadsAtOnce) {
  write_picture("a.jpg", "jpegenc", 64, 48);
  if (IsSkipped())
    return;
  constexpr int kRounds = 20;
  int widths[2] = {0, 0};
  const auto read_often = [this](int* sum) {
    for (int i = 0; i < kRounds; ++i) {
      auto image = read_picture(path("a.jpg"));
      if (image.ok())
        *sum += image.value().width;
    }
  };

  std::thread other(read_often, &widths[0]);
  read_often(&widths[1]);
  other.join();

  EXPECT_EQ(widths[0], kRounds * 64);
  EXPECT_EQ(widths[1], kRounds * 64);
}

TEST_F(Pictures, AreToldFromVideosByTheirFirstBytes) {
  write_text("a.webp", "RIFF....WEBPVP8 ");
  write_text("a.avi", "RIFF....AVI LIST");
  write_text("a.jpg", "\xFF\xD8\xFF\xE0");

  EXPECT_TRUE(is_picture_file(path("a.webp")));
  EXPECT_TRUE(is_picture_file(path("a.jpg")));
  EXPECT_FALSE(is_picture_file(path("a.avi")));
  EXPECT_FALSE(is_picture_file(path("missing.jpg")));
}

TEST_F(Pictures, ThatAreMissingAreNotFound) {
  auto image = read_picture(path("missing.jpg"));

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(image.error().message, HasSubstr("missing.jpg cannot be opened: No such file"));
}

TEST_F(Pictures, CannotBeReadFromAFolder) {
  auto image = read_picture(path(""));

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("is a directory"));
}

TEST_F(Pictures, ThatAreCutShortAreDamaged) {
  write_picture("a.jpg", "jpegenc", 64, 48);
  if (IsSkipped())
    return;
  write_text("cut.jpg", read_text("a.jpg").substr(0, 100));

  auto image = read_picture(path("cut.jpg"));

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(image.error().message, HasSubstr("cut.jpg"));
}

TEST_F(Pictures, ThatAreTextOrEmptyAreRefused) {
  write_text("text.jpg", "This is not a picture, whatever its name says.\n");
  write_text("empty.jpg", "");

  for (const char* name : {"text.jpg", "empty.jpg"}) {
    auto image = read_picture(path(name));

    ASSERT_FALSE(image.ok()) << name;
    EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument) << image.error().message;
    EXPECT_THAT(image.error().message, HasSubstr(name));
  }
}

TEST_F(Pictures, AreTheFirstFrameOfAVideo) {
  write_video("a.avi", 3, 64, 48);
  if (IsSkipped())
    return;

  auto image = read_picture(path("a.avi"));

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 64);
}

class Videos : public MediaFilesTest {};

TEST_F(Videos, GiveEveryFrameWithItsTimeAndThenEnd) {
  write_video("a.avi", 4, 50, 30);
  if (IsSkipped())
    return;
  auto reader = VideoReader::open(path("a.avi"));
  ASSERT_TRUE(reader.ok()) << reader.error().message;

  VideoFrame frame;
  for (int i = 0; i < 4; ++i) {
    auto found = reader.value()->next(frame);
    ASSERT_TRUE(found.ok()) << found.error().message;
    ASSERT_TRUE(found.value()) << "frame " << i;
    EXPECT_NEAR(frame.time_s, 0.1 * i, 1e-3) << "AVI times are whole frames";
    EXPECT_EQ(frame.image.width, 50);
    EXPECT_EQ(frame.image.pixels.size(), size_t{50} * 30 * 3);
  }
  for (int i = 0; i < 2; ++i) {
    auto found = reader.value()->next(frame);
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found.value()) << "also when asked again";
  }
}

TEST_F(Videos, SkipFramesThatComeTooEarly) {
  write_video("a.avi", 10, 50, 30);
  if (IsSkipped())
    return;
  auto reader = VideoReader::open(path("a.avi"));
  ASSERT_TRUE(reader.ok());

  VideoFrame frame;
  auto found = reader.value()->next(frame, 0.65);

  ASSERT_TRUE(found.ok() && found.value());
  EXPECT_NEAR(frame.time_s, 0.7, 1e-3);
}

TEST_F(Videos, CanBeClosedInTheMiddle) {
  write_video("a.avi", 30, 50, 30);
  if (IsSkipped())
    return;
  VideoFrame frame;
  {
    auto reader = VideoReader::open(path("a.avi"));
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE(reader.value()->next(frame).ok());
  }
  EXPECT_EQ(frame.image.width, 50);
}

TEST_F(Videos, ThatAreMissingAreNotFound) {
  auto reader = VideoReader::open(path("missing.avi"));

  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().kind, ErrorKind::NotFound);
}

TEST_F(Videos, WithoutAnyVideoAreRefused) {
  write_text("a.avi", "only words");
  auto reader = VideoReader::open(path("a.avi"));
  ASSERT_TRUE(reader.ok());

  VideoFrame frame;
  auto found = reader.value()->next(frame);

  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("a.avi"));
}

}  // namespace
}  // namespace jetsoncaption
