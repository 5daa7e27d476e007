// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures and videos as the tools read them: right pixels, right times, and sentences for what is
// wrong with a file.
#include "tools/pictures.h"

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <gst/gst.h>

#include "media_files.h"
#include "picture_bytes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;
using testing::Not;

// Where it does not matter.
constexpr PictureSize kAnySize{16, 16};

class Pictures : public MediaFilesTest {};

// JPEG and the way through YUV change pure colours by a few steps.
constexpr int kColourTolerance = 6;

void expect_colour(const Image& image, int x, int y, int red, int green, int blue) {
  const uint8_t* pixel = &image.pixels[(static_cast<size_t>(y) * image.width + x) * 3];
  EXPECT_NEAR(pixel[0], red, kColourTolerance);
  EXPECT_NEAR(pixel[1], green, kColourTolerance);
  EXPECT_NEAR(pixel[2], blue, kColourTolerance);
}

std::string halves(const std::string& left, const std::string& right, int width, int height) {
  std::string pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      pixels += x < width / 2 ? left : right;
  }
  return pixels;
}

const std::string kBlue("\0\0\xFF", 3);
const std::string kRed("\xFF\0\0", 3);

// Stored with blue on the left; turned by a quarter clockwise it is on top.
void expect_blue_on_top(const Image& image, int width, int height) {
  ASSERT_EQ(image.width, width);
  ASSERT_EQ(image.height, height);
  expect_colour(image, width / 2, 1, 0, 0, 255);
  expect_colour(image, width / 2, height - 2, 255, 0, 0);
}

TEST_F(Pictures, AreReadWithoutPaddingWhateverTheirWidth) {
  // 33 pixels are 99 bytes a row, which GStreamer pads to 100.
  write_picture("a.png", "pngenc", 33, 17);
  if (IsSkipped())
    return;

  auto image = read_picture(path("a.png"), {33, 17});

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

  auto image = read_picture(path("a.jpg"), {64, 48});

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

  auto image = read_picture(path("turned.jpg"), {48, 64});

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 48);
  EXPECT_EQ(image.value().height, 64);
  expect_colour(image.value(), 24, 8, 0, 0, 255);
  expect_colour(image.value(), 24, 56, 255, 0, 0);
}

TEST_F(Pictures, AreSquashedToTheSizeThatIsAskedFor) {
  write_text("upright.tiff", tiff_file(8, 4, halves(kBlue, kRed, 8, 4), 1));
  write_text("turned.tiff", tiff_file(8, 4, halves(kBlue, kRed, 8, 4), 6));

  auto upright = read_picture(path("upright.tiff"), {20, 10});
  auto turned = read_picture(path("turned.tiff"), {20, 10});

  ASSERT_TRUE(upright.ok()) << upright.error().message;
  EXPECT_EQ(upright.value().width, 20);
  EXPECT_EQ(upright.value().height, 10);
  expect_colour(upright.value(), 1, 9, 0, 0, 255);
  expect_colour(upright.value(), 18, 0, 255, 0, 0);
  ASSERT_TRUE(turned.ok()) << turned.error().message;
  expect_blue_on_top(turned.value(), 20, 10);
}

TEST_F(Pictures, CanBeReadInTwoThreadsAtOnce) {
  write_picture("a.jpg", "jpegenc", 64, 48);
  if (IsSkipped())
    return;
  constexpr int kRounds = 20;
  int widths[2] = {0, 0};
  const auto read_often = [this](int* sum) {
    for (int i = 0; i < kRounds; ++i) {
      auto image = read_picture(path("a.jpg"), {64, 48});
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

TEST_F(Pictures, ThatAreMissingAreNotFound) {
  auto image = read_picture(path("missing.jpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(image.error().message, HasSubstr("missing.jpg cannot be opened: No such file"));
}

TEST_F(Pictures, CannotBeReadFromAFolder) {
  auto image = read_picture(path(""), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("is a directory"));
}

TEST_F(Pictures, ThatAreCutShortAreDamaged) {
  write_picture("a.jpg", "jpegenc", 64, 48);
  if (IsSkipped())
    return;
  write_text("cut.jpg", read_text("a.jpg").substr(0, 100));

  auto image = read_picture(path("cut.jpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(image.error().message, HasSubstr("cut.jpg"));
}

TEST_F(Pictures, ThatAreTextOrEmptyAreRefused) {
  write_text("text.jpg", "This is not a picture, whatever its name says.\n");
  write_text("empty.jpg", "");

  for (const char* name : {"text.jpg", "empty.jpg"}) {
    auto image = read_picture(path(name), kAnySize);

    ASSERT_FALSE(image.ok()) << name;
    EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument) << image.error().message;
    EXPECT_THAT(image.error().message, HasSubstr(name));
  }
}

TEST_F(Pictures, OfSixteenBitsAColourHaveTheSameColours) {
  const std::string row = halves(std::string("\0\x55\x80\0\xC0\xAA", 6),
                                 std::string("\xF0\0\x20\x99\x10\x11", 6), 32, 1);
  write_text("deep.png", png_file(32, 2, 16, 2, {row, row}));

  auto image = read_picture(path("deep.png"), {32, 2});

  ASSERT_TRUE(image.ok()) << image.error().message;
  expect_colour(image.value(), 4, 1, 0, 128, 192);
  expect_colour(image.value(), 28, 1, 240, 32, 16);
}

// Y, Cb and Cr of a red that is far from what comes out when their places are confused.
std::vector<FlatComponent> red_with(const std::vector<std::pair<int, int>>& sampling) {
  return {{sampling[0].first, sampling[0].second, 81},
          {sampling[1].first, sampling[1].second, 102},
          {sampling[2].first, sampling[2].second, 220}};
}

TEST_F(Pictures, InJpegHaveTheSameColoursWhateverTheSampling) {
  const std::vector<std::vector<std::pair<int, int>>> samplings = {
      {{1, 1}, {1, 1}, {1, 1}}, {{2, 1}, {1, 1}, {1, 1}}, {{2, 2}, {1, 1}, {1, 1}},
      {{1, 2}, {1, 1}, {1, 1}}, {{4, 1}, {1, 1}, {1, 1}}, {{1, 4}, {1, 1}, {1, 1}},
      {{3, 1}, {1, 1}, {1, 1}}, {{4, 2}, {1, 1}, {1, 1}}, {{2, 1}, {1, 1}, {2, 1}},
      {{2, 1}, {2, 1}, {2, 1}}, {{2, 2}, {2, 1}, {1, 2}}, {{1, 1}, {2, 2}, {2, 2}}};
  for (const auto& sampling : samplings) {
    write_text("a.jpg", flat_jpeg(96, 64, red_with(sampling)));

    auto image = read_picture(path("a.jpg"), {96, 64});

    ASSERT_TRUE(image.ok()) << image.error().message;
    SCOPED_TRACE(std::to_string(sampling[0].first) + "x" + std::to_string(sampling[0].second));
    expect_colour(image.value(), 90, 60, 210, 25, 35);
  }
}

TEST_F(Pictures, InCmykHaveTheColoursOfTheirInk) {
  // Adobe's note: no transformation, and inverted, so these are 255 less the ink.
  const std::string adobe = jpeg_segment(0xEE, std::string("Adobe\0\x64\0\0\0\0\0", 12));
  write_text("print.jpg",
             flat_jpeg(32, 32, {{1, 1, 200}, {1, 1, 40}, {1, 1, 100}, {1, 1, 255}}, adobe));

  auto image = read_picture(path("print.jpg"), {32, 32});

  ASSERT_TRUE(image.ok()) << image.error().message;
  expect_colour(image.value(), 16, 16, 200, 40, 100);
}

TEST_F(Pictures, OfOtherKindsAreReadToo) {
  const std::string pixels = halves(kBlue, kRed, 8, 4);
  write_text("a.bmp", bmp_file(8, 4, pixels));
  write_text("a.tiff", tiff_file(8, 4, pixels, 1));
  write_text("a.ppm", "P6 8 4 255\n" + pixels);

  for (const char* name : {"a.bmp", "a.tiff", "a.ppm"}) {
    auto image = read_picture(path(name), {8, 4});

    ASSERT_TRUE(image.ok()) << image.error().message;
    expect_colour(image.value(), 1, 3, 0, 0, 255);
    expect_colour(image.value(), 6, 0, 255, 0, 0);
  }
}

TEST_F(Pictures, InPngAndTiffAreTurnedToo) {
  const std::string row = halves(kBlue, kRed, 8, 1);
  write_text("a.png", png_file(8, 4, 8, 2, {row, row, row, row}, png_chunk("eXIf", exif_block(6))));
  write_text("a.tiff", tiff_file(8, 4, halves(kBlue, kRed, 8, 4), 6));

  for (const char* name : {"a.png", "a.tiff"}) {
    auto image = read_picture(path(name), {4, 8});

    ASSERT_TRUE(image.ok()) << image.error().message;
    SCOPED_TRACE(name);
    expect_blue_on_top(image.value(), 4, 8);
  }
}

TEST_F(Pictures, InTiffAreTurnedOnceWhateverTheirOrientation) {
  // The corner that is stored first, as it is seen: x, y in a picture of 8x4 or 4x8.
  const int corners[9][2] = {{0, 0}, {0, 0}, {7, 0}, {7, 3}, {0, 3},
                             {0, 0}, {3, 0}, {3, 7}, {0, 7}};
  std::string pixels = halves(kRed, kRed, 8, 4);
  pixels.replace(0, 3, kBlue);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    write_text("a.tiff", tiff_file(8, 4, pixels, orientation));

    const PictureSize seen = orientation <= 4 ? PictureSize{8, 4} : PictureSize{4, 8};

    auto image = read_picture(path("a.tiff"), seen);

    ASSERT_TRUE(image.ok()) << image.error().message;
    SCOPED_TRACE(orientation);
    ASSERT_EQ(image.value().width, seen.width);
    expect_colour(image.value(), corners[orientation][0], corners[orientation][1], 0, 0, 255);
  }
}

TEST_F(Pictures, InWebpAreTurnedToo) {
  write_picture("plain.webp", "webpenc lossless=true", 32, 16);
  if (IsSkipped())
    return;
  const std::string plain = read_text("plain.webp");
  const std::string chunks = std::string("VP8X\x0A\0\0\0\x08\0\0\0\x1F\0\0\x0F\0\0", 18) +
                             plain.substr(12) + "EXIF" + little_endian(26, 4) + exif_block(6);
  write_text("a.webp", "RIFF" + little_endian(chunks.size() + 4, 4) + "WEBP" + chunks);

  auto image = read_picture(path("a.webp"), {16, 32});

  ASSERT_TRUE(image.ok()) << image.error().message;
  expect_blue_on_top(image.value(), 16, 32);
}

TEST_F(Pictures, ThatEndInTheMiddleOfTheirDataAreRefused) {
  const std::string jpeg = flat_jpeg(200, 200, red_with({{2, 2}, {1, 1}, {1, 1}}));
  write_text("cut.jpg", jpeg.substr(0, jpeg.size() * 2 / 3));

  auto image = read_picture(path("cut.jpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(image.error().message, HasSubstr("cut.jpg ends in the middle of its data"));
}

TEST_F(Pictures, ThatAreTransparentEverywhereAreRefused) {
  const std::string clear = halves(kBlue + '\0', kRed + '\0', 8, 1);
  write_text("clear.png", png_file(8, 2, 8, 6, {clear, clear}));
  write_text("window.png",
             png_file(8, 2, 8, 6, {clear, halves(kBlue + '\xFF', kRed + '\0', 8, 1)}));

  auto image = read_picture(path("clear.png"), kAnySize);
  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("clear.png is transparent everywhere"));

  image = read_picture(path("window.png"), {8, 2});
  ASSERT_TRUE(image.ok()) << image.error().message;
  expect_colour(image.value(), 1, 1, 0, 0, 255);
}

TEST_F(Pictures, ThatAreAStreamOfPicturesAreRefused) {
  const std::string jpeg = flat_jpeg(64, 48, red_with({{2, 2}, {1, 1}, {1, 1}}));
  write_text("camera.mjpg", jpeg + jpeg + jpeg);

  auto image = read_picture(path("camera.mjpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("camera.mjpg is a stream of JPEG pictures"));
}

TEST_F(Pictures, WithTooManyPixelsAreRefusedBeforeTheyAreDecoded) {
  write_text("huge.png", png_file(20000, 20000, 8, 2, {"the data would be 1.2 GB"}));

  auto image = read_picture(path("huge.png"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message,
              HasSubstr("huge.png has 20000x20000 pixels; at most 100 megapixels are decoded"));
}

TEST_F(Pictures, TooLongToBeShrunkAreRefusedBeforeTheyAreDecoded) {
  write_text("long.png", png_file(20000, 2, 8, 2, {"the data"}));

  auto image = read_picture(path("long.png"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(image.error().message,
              HasSubstr("long.png has 20000x2 pixels; a side may have at most 16384"));
}

// 125 bytes that would take 1.6 GB for each decoder that is tried.
TEST_F(Pictures, OfVectorsAreRefusedWhateverSizeTheyWant) {
  write_text("huge.svg",
             "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20000\" "
             "height=\"20000\"><rect width=\"9\" height=\"9\"/></svg>");

  auto image = read_picture(path("huge.svg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("huge.svg"));
  EXPECT_THAT(image.error().message, Not(HasSubstr("pixels; use"))) << "it was decoded";
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// A process of its own, which has no room for the file. It ends with 0 where that is an error.
void read_without_memory(const std::string& file) {
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = rlim_t{300} << 20;
  setrlimit(RLIMIT_DATA, &limit);
  const auto image = read_picture(file, kAnySize);
  std::_Exit(!image.ok() && image.error().kind == ErrorKind::OutOfMemory ? 0 : 1);
}

TEST_F(Pictures, ForWhichThereIsNoMemoryAreAnError) {
  write_text("large.jpg", flat_jpeg(8, 8, {{}}));
  ASSERT_EQ(truncate(path("large.jpg").c_str(), off_t{500} << 20), 0);

  EXPECT_EXIT(read_without_memory(path("large.jpg")), testing::ExitedWithCode(0), "");
}
#endif

TEST_F(Pictures, LargerThanAnyPictureAreRefusedBeforeTheyAreRead) {
  write_text("endless.jpg", flat_jpeg(8, 8, {{}}));
  ASSERT_EQ(truncate(path("endless.jpg").c_str(), off_t{1} << 40), 0);

  auto image = read_picture(path("endless.jpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("endless.jpg has 1048576 MB; at most 512 MB"));
}

TEST_F(Pictures, AreNotWaitedForInAFifo) {
  ASSERT_EQ(mkfifo(path("queue.jpg").c_str(), 0600), 0);

  auto image = read_picture(path("queue.jpg"), kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(image.error().message, HasSubstr("queue.jpg is a FIFO"));
}

TEST_F(Pictures, AreNotReadFromDevices) {
  auto image = read_picture("/dev/zero", kAnySize);

  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("/dev/zero is a device, but no camera"));
}

// A pipe that is open already, as a shell's <(cat FILE) is.
class ReadOnce : public MediaFilesTest {
 protected:
  // The name under which it can be read; written to in the background, in small pieces.
  std::string pipe_with(const std::string& bytes) {
    int ends[2];
    if (pipe(ends) != 0)
      return "";
    end_ = ends[0];
    writer_ = std::thread([bytes, end = ends[1]] {
      for (size_t at = 0; at < bytes.size(); at += 5) {
        const std::string piece = bytes.substr(at, 5);
        if (write(end, piece.data(), piece.size()) < 0)
          break;
      }
      close(end);
    });
    return "/dev/fd/" + std::to_string(end_);
  }

  void TearDown() override {
    if (writer_.joinable())
      writer_.join();
    close(end_);
  }

 private:
  int end_ = -1;
  std::thread writer_;
};

TEST_F(ReadOnce, PicturesAreWhole) {
  auto image =
      read_picture(pipe_with(flat_jpeg(96, 64, red_with({{2, 2}, {1, 1}, {1, 1}}))), {96, 64});

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 96);
  expect_colour(image.value(), 90, 60, 210, 25, 35);
}

TEST_F(ReadOnce, VideosAreWhole) {
  write_video("a.avi", 3, 64, 48);
  if (IsSkipped())
    return;
  const auto file = MediaFile::open(pipe_with(read_text("a.avi")));
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file.value().picture_kind(), std::nullopt);
  auto reader = VideoReader::open(file.value(), kAnySize);
  ASSERT_TRUE(reader.ok()) << reader.error().message;

  VideoFrame frame;
  int frames = 0;
  for (;; ++frames) {
    auto found = reader.value()->next(frame);
    ASSERT_TRUE(found.ok()) << found.error().message;
    if (!found.value())
      break;
  }
  EXPECT_EQ(frames, 3);
}

// GStreamer without some of its elements.
class Without {
 public:
  explicit Without(const char* element) : element_(gst_element_factory_find(element)) {
    if (element_ != nullptr)
      gst_registry_remove_feature(gst_registry_get(), GST_PLUGIN_FEATURE(element_));
  }
  ~Without() {
    if (element_ == nullptr)
      return;
    gst_registry_add_feature(gst_registry_get(), GST_PLUGIN_FEATURE(element_));
    gst_object_unref(element_);
  }
  Without(const Without&) = delete;
  Without& operator=(const Without&) = delete;

 private:
  GstElementFactory* element_;
};

TEST_F(Pictures, WithoutADecoderNameThePackageThatHasIt) {
  const std::string pixels = halves(kBlue, kRed, 8, 4);
  write_text("a.bmp", bmp_file(8, 4, pixels));
  write_text("a.webp", "RIFF" + little_endian(24, 4) + "WEBPVP8L" + little_endian(12, 4) +
                           std::string("\x2F\x07\0\0\0\0\0\0\0\0\0\0", 12));
  const Without anything("gdkpixbufdec");
  const Without webp("webpdec");

  auto image = read_picture(path("a.bmp"), kAnySize);
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::Unsupported);
  EXPECT_THAT(
      image.error().message,
      HasSubstr("a.bmp is a BMP picture that needs the GStreamer element gdkpixbufdec, which "
                "is missing; install the package gstreamer1.0-plugins-good."));
  image = read_picture(path("a.webp"), kAnySize);
  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message, HasSubstr("install the package gstreamer1.0-plugins-bad."));
}

TEST_F(Pictures, AreTheFirstFrameOfAVideo) {
  write_video("a.avi", 3, 64, 48);
  if (IsSkipped())
    return;

  auto image = read_picture(path("a.avi"), {64, 48});

  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image.value().width, 64);
}

class Videos : public MediaFilesTest {
 protected:
  Result<std::unique_ptr<VideoReader>> open_video(const std::string& name,
                                                  PictureSize size = {50, 30}) const {
    const auto file = MediaFile::open(path(name));
    if (!file.ok())
      return file.error();
    return VideoReader::open(file.value(), size);
  }
};

TEST_F(Videos, GiveEveryFrameWithItsTimeAndThenEnd) {
  write_video("a.avi", 4, 50, 30);
  if (IsSkipped())
    return;
  auto reader = open_video("a.avi");
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

TEST_F(Videos, AreTurnedAsTheirTagSays) {
  write_turned_video("turned.mov", 64, 48);
  if (IsSkipped())
    return;
  auto reader = open_video("turned.mov", {48, 64});
  ASSERT_TRUE(reader.ok()) << reader.error().message;

  VideoFrame frame;
  auto found = reader.value()->next(frame);

  ASSERT_TRUE(found.ok() && found.value());
  expect_blue_on_top(frame.image, 48, 64);
}

TEST_F(Videos, SkipFramesThatComeTooEarly) {
  write_video("a.avi", 10, 50, 30);
  if (IsSkipped())
    return;
  auto reader = open_video("a.avi");
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
    auto reader = open_video("a.avi");
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE(reader.value()->next(frame).ok());
  }
  EXPECT_EQ(frame.image.width, 50);
}

TEST_F(Videos, ThatAreMissingAreNotFound) {
  auto reader = open_video("missing.avi");

  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().kind, ErrorKind::NotFound);
}

TEST_F(Videos, WiderThanAnyScreenAreRefused) {
  write_video("wide.mkv", 1, 8208, 16);
  if (IsSkipped())
    return;
  auto reader = open_video("wide.mkv");
  ASSERT_TRUE(reader.ok());

  VideoFrame frame;
  auto found = reader.value()->next(frame);

  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("wide.mkv cannot be decoded to frames of at most "
                                               "8192x8192 pixels"));
}

TEST_F(Videos, WithoutAnyVideoAreRefused) {
  write_text("a.avi", "only words");
  auto reader = open_video("a.avi");
  ASSERT_TRUE(reader.ok());

  VideoFrame frame;
  auto found = reader.value()->next(frame);

  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("a.avi"));
}

}  // namespace
}  // namespace jetsoncaption
