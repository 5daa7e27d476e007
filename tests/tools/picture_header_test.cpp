// SPDX-License-Identifier: LGPL-2.1-or-later
// What the header of a picture file is understood to say.
#include "tools/picture_header.h"

#include <string>
#include <vector>

#include "picture_bytes.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

ByteReader bytes_of(const std::string& file) {
  return {reinterpret_cast<const uint8_t*>(file.data()), file.size(), false};
}

PictureHeader header_of(const std::string& file) {
  const auto kind = find_picture_kind(bytes_of(file));
  EXPECT_TRUE(kind.has_value());
  return read_picture_header(kind.value_or(PictureKind::Jpeg), bytes_of(file));
}

const std::vector<FlatComponent> k411 = {{4, 1, 80}, {1, 1, 90}, {1, 1, 240}};

TEST(PictureKinds, AreToldApartByTheFirstBytes) {
  EXPECT_EQ(find_picture_kind(bytes_of("\xFF\xD8\xFF\xE0")), PictureKind::Jpeg);
  EXPECT_EQ(find_picture_kind(bytes_of("RIFF....WEBPVP8 ")), PictureKind::Webp);
  EXPECT_EQ(find_picture_kind(bytes_of("P6 2 2 255\n")), PictureKind::Pnm);
  EXPECT_EQ(find_picture_kind(bytes_of("RIFF....AVI LIST")), std::nullopt);
  EXPECT_EQ(find_picture_kind(bytes_of("P6th avenue")), std::nullopt);
  EXPECT_EQ(find_picture_kind(bytes_of("")), std::nullopt);
}

TEST(PictureHeaders, OfJpegHaveSizeComponentsAndSampling) {
  const PictureHeader header = header_of(flat_jpeg(50, 33, k411));

  EXPECT_EQ(header.width, 50U);
  EXPECT_EQ(header.height, 33U);
  EXPECT_EQ(header.bits, 8U);
  EXPECT_EQ(header.components, 3);
  EXPECT_EQ(header.sampling, "4x1,1x1,1x1");
  EXPECT_EQ(header.orientation, 1);
  EXPECT_EQ(header.fault, "");
}

TEST(PictureHeaders, OfJpegAreReadThroughPaddingAndRestartMarkers) {
  std::string file = flat_jpeg(8, 8, {{}});
  file.insert(2, "\xFF\xFF\xFF");
  file.insert(file.size() - 2, "\xFF\xD0\x12\xFF");

  EXPECT_EQ(header_of(file).width, 8U);
  EXPECT_EQ(header_of(file).fault, "");
}

TEST(PictureHeaders, OfJpegDoNotTakeTheThumbnailForThePicture) {
  const std::string thumbnail = flat_jpeg(8, 8, {{}});
  const std::string whole =
      flat_jpeg(64, 48, k411, jpeg_segment(0xE1, std::string("Exif\0\0", 6) + thumbnail));

  EXPECT_EQ(header_of(whole).width, 64U);
  EXPECT_EQ(header_of(whole).fault, "");
  EXPECT_THAT(header_of(whole.substr(0, whole.size() - 2)).fault, HasSubstr("ends in the middle"))
      << "the end marker of the thumbnail is not that of the picture";
}

TEST(PictureHeaders, OfAnyFileThatIsCutSayThatSomethingIsMissing) {
  const std::string pixels(size_t{12} * 3, 'x');
  const std::vector<std::string> files = {
      flat_jpeg(50, 33, k411),
      png_file(4, 3, 8, 2, {pixels.substr(0, 12), pixels.substr(0, 12), pixels.substr(0, 12)}),
      tiff_file(4, 3, pixels, 1),
      bmp_file(4, 3, pixels),
      "P6 4 3 255\n" + pixels,
      std::string("GIF89a\x01\0\x01\0\x80\0\0", 13) + std::string(6, 'x') +
          std::string("\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0", 15),
      "RIFF" + little_endian(24, 4) + "WEBPVP8L" + little_endian(12, 4) + std::string(12, 'x')};
  for (const std::string& file : files) {
    const char* name = picture_kind_name(header_of(file).kind);
    EXPECT_EQ(header_of(file).fault, "") << name;
    for (size_t size = 12; size < file.size(); ++size) {
      // On the heap and of exactly this size, so that the sanitizer sees a byte too many.
      const std::vector<uint8_t> cut(file.begin(), file.begin() + static_cast<long>(size));
      const auto kind = header_of(file).kind;
      EXPECT_THAT(read_picture_header(kind, {cut.data(), cut.size(), false}).fault,
                  HasSubstr("ends in the middle of its data"))
          << name << " cut after " << size << " bytes";
    }
  }
}

TEST(PictureHeaders, OfHeicAndAvifSayWhatMakesJpegOfThem) {
  for (const std::string brand : {"heic", "avif"}) {
    const std::string file = std::string("\0\0\0\x1C", 4) + "ftyp" + brand + "....";

    EXPECT_THAT(header_of(file).fault, HasSubstr("heif-convert")) << brand;
  }
  EXPECT_EQ(find_picture_kind(bytes_of("....ftypisom....")), std::nullopt) << "this is a video";
}

TEST(PictureHeaders, OfMotionJpegSayThatItIsNoPicture) {
  const std::string picture = flat_jpeg(8, 8, {{}});

  EXPECT_THAT(header_of(picture + picture).fault, HasSubstr("Motion JPEG"));
  EXPECT_EQ(header_of(picture + "a remark of the camera").fault, "");
}

TEST(PictureHeaders, OfPhotographsWithCompanionsAreThoseOfThePhotograph) {
  const std::string index = jpeg_segment(0xE2, std::string("MPF\0II*\0", 8));

  EXPECT_EQ(header_of(flat_jpeg(8, 8, {{}}, index) + flat_jpeg(4, 4, {{}})).fault, "");
}

TEST(PictureHeaders, OfJpegThatLibjpegCannotReadSayWhy) {
  std::string twelve_bits = flat_jpeg(8, 8, {{}});
  twelve_bits[twelve_bits.find("\xFF\xC0") + 4] = 12;
  std::string lossless = flat_jpeg(8, 8, {{}});
  lossless[lossless.find("\xFF\xC0") + 1] = '\xC3';

  EXPECT_THAT(header_of(twelve_bits).fault, HasSubstr("12 bits a colour"));
  EXPECT_THAT(header_of(lossless).fault, HasSubstr("frame type 3"));
}

TEST(PictureHeaders, OfPngHaveBitsTransparencyAndOrientation) {
  const std::string row(8 * 2, 'x');
  const PictureHeader deep =
      header_of(png_file(2, 1, 16, 6, {row}, png_chunk("eXIf", exif_block(6))));
  const PictureHeader keyed =
      header_of(png_file(2, 1, 8, 2, {row.substr(0, 6)}, png_chunk("tRNS", std::string(6, '\0'))));

  EXPECT_EQ(deep.bits, 16U);
  EXPECT_TRUE(deep.has_alpha);
  EXPECT_EQ(deep.orientation, 6);
  EXPECT_EQ(keyed.bits, 8U);
  EXPECT_TRUE(keyed.has_alpha);
  EXPECT_EQ(keyed.orientation, 1);
}

TEST(PictureHeaders, OfWebpHaveSizeAndOrientation) {
  const auto chunk = [](const std::string& name, const std::string& data) {
    return name + little_endian(data.size(), 4) + data + std::string(data.size() % 2, '\0');
  };
  const auto file = [](const std::string& chunks) {
    return "RIFF" + little_endian(chunks.size() + 4, 4) + "WEBP" + chunks;
  };
  const auto extended = [&](char flags) {
    return chunk("VP8X", std::string(1, flags) + std::string(3, '\0') + little_endian(639, 3) +
                             little_endian(479, 3));
  };

  const PictureHeader turned =
      header_of(file(extended('\x08') + chunk("VP8L", std::string(11, 'x')) +
                     chunk("EXIF", std::string("Exif\0\0", 6) + exif_block(8))));
  EXPECT_EQ(turned.width, 640U);
  EXPECT_EQ(turned.height, 480U);
  EXPECT_EQ(turned.orientation, 8);
  EXPECT_EQ(turned.fault, "");
  EXPECT_THAT(header_of(file(extended('\x02'))).fault, HasSubstr("animated"));
  const PictureHeader lossy =
      header_of(file(chunk("VP8 ", std::string("\0\0\0\x9D\x01\x2A", 6) + little_endian(320, 2) +
                                       little_endian(240, 2))));
  EXPECT_EQ(lossy.width, 320U);
  EXPECT_EQ(lossy.height, 240U);
}

TEST(PictureHeaders, OfBmpTakeUpsideDownPictures) {
  std::string file = bmp_file(4, 3, std::string(36, 'x'));
  file.replace(22, 4, little_endian(static_cast<uint32_t>(-3), 4));

  EXPECT_EQ(header_of(file).height, 3U);
  EXPECT_EQ(header_of(file).fault, "");
}

TEST(PictureHeaders, OfPnmSkipComments) {
  const PictureHeader header = header_of("P5\n# 99 bottles\n3 2\n255\nxxxxxx");

  EXPECT_EQ(header.width, 3U);
  EXPECT_EQ(header.height, 2U);
  EXPECT_EQ(header.fault, "");
}

}  // namespace
}  // namespace jetsoncaption
