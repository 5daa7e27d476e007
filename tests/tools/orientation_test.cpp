// SPDX-License-Identifier: LGPL-2.1-or-later
// Finding and applying the orientation of photographs.
#include "tools/orientation.h"

#include <string>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;

// An EXIF block that holds the orientation alone.
std::string block_with(char orientation, bool little_endian = true) {
  return little_endian ? std::string(
                             "II*\0\x08\0\0\0"
                             "\x01\0"
                             "\x12\x01\x03\0\x01\0\0\0",
                             18) +
                             orientation + std::string(7, '\0')
                       : std::string(
                             "MM\0*\0\0\0\x08"
                             "\0\x01"
                             "\x01\x12\0\x03\0\0\0\x01\0",
                             19) +
                             orientation + std::string(6, '\0');
}

int orientation_of(const std::string& bytes) {
  return exif_orientation({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), false});
}

TEST(ExifOrientation, IsReadInBothByteOrders) {
  EXPECT_EQ(orientation_of(block_with(6, true)), 6);
  EXPECT_EQ(orientation_of(block_with(8, false)), 8);
}

// Writers of TIFF put the directory behind the pixels.
TEST(ExifOrientation, IsFoundWhereverTheDirectoryStands) {
  const std::string whole = block_with(6);
  for (const char between : {2, 32, 100}) {
    std::string moved = whole.substr(0, 8) + std::string(between, 'p') + whole.substr(8);
    moved[4] = static_cast<char>(8 + between);
    EXPECT_EQ(orientation_of(moved), 6) << int{between} << " bytes before it";
  }
}

TEST(ExifOrientation, IsUprightWhenTheBlockSaysNothing) {
  EXPECT_EQ(orientation_of(std::string("II*\0\x08\0\0\0\0\0", 10)), 1);
  EXPECT_EQ(orientation_of("not a block"), 1);
  EXPECT_EQ(orientation_of(""), 1);
}

TEST(ExifOrientation, IsUprightWhenTheNumberIsOutOfRange) {
  EXPECT_EQ(orientation_of(block_with(0)), 1);
  EXPECT_EQ(orientation_of(block_with(9)), 1);
}

TEST(ExifOrientation, ReadsNothingBeyondABlockThatIsCutAnywhere) {
  const std::string whole = block_with(6);

  for (size_t size = 0; size < 20; ++size) {
    // On the heap and of exactly this size, so that the sanitizer sees a byte too many.
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    EXPECT_LE(exif_orientation({cut.data(), cut.size(), false}), 6) << "cut after " << size;
  }
}

TEST(OrientationTag, NamesTheNumbersOfExif) {
  const char* names[] = {"rotate-0",        "flip-rotate-0", "rotate-180",     "flip-rotate-180",
                         "flip-rotate-270", "rotate-90",     "flip-rotate-90", "rotate-270"};
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(orientation_named(names[i]), i + 1) << names[i];
  EXPECT_EQ(orientation_named("upside down"), 1);
}

TEST(StoredSize, IsTheOtherWayRoundWhereRowsAreSeenAsColumns) {
  EXPECT_EQ(stored_size({20, 10}, 3).width, 20);
  EXPECT_EQ(stored_size({20, 10}, 5).width, 10);
  EXPECT_EQ(stored_size({20, 10}, 8).height, 20);
}

// Two columns, three rows; red numbers the pixels:
//   0 1
//   2 3
//   4 5
Image numbered_image() {
  Image image;
  image.width = 2;
  image.height = 3;
  for (uint8_t i = 0; i < 6; ++i)
    image.pixels.insert(image.pixels.end(), {i, 100, 200});
  return image;
}

std::vector<int> reds(const Image& image) {
  std::vector<int> numbers;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    numbers.push_back(image.pixels[i]);
  return numbers;
}

TEST(Upright, LeavesAnUprightImageAlone) {
  EXPECT_THAT(reds(upright(numbered_image(), 1)), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Upright, MirrorsAndTurnsByHalf) {
  EXPECT_THAT(reds(upright(numbered_image(), 2)), ElementsAre(1, 0, 3, 2, 5, 4));
  EXPECT_THAT(reds(upright(numbered_image(), 3)), ElementsAre(5, 4, 3, 2, 1, 0));
  EXPECT_THAT(reds(upright(numbered_image(), 4)), ElementsAre(4, 5, 2, 3, 0, 1));
}

TEST(Upright, TurnsByAQuarter) {
  const Image clockwise = upright(numbered_image(), 6);

  EXPECT_EQ(clockwise.width, 3);
  EXPECT_EQ(clockwise.height, 2);
  EXPECT_THAT(reds(clockwise), ElementsAre(4, 2, 0, 5, 3, 1));
  EXPECT_THAT(reds(upright(numbered_image(), 8)), ElementsAre(1, 3, 5, 0, 2, 4));
}

TEST(Upright, Transposes) {
  EXPECT_THAT(reds(upright(numbered_image(), 5)), ElementsAre(0, 2, 4, 1, 3, 5));
  EXPECT_THAT(reds(upright(numbered_image(), 7)), ElementsAre(5, 3, 1, 4, 2, 0));
}

TEST(Upright, KeepsThePixelsWhole) {
  const Image image = upright(numbered_image(), 6);

  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    EXPECT_EQ(image.pixels[i + 1], 100);
    EXPECT_EQ(image.pixels[i + 2], 200);
  }
}

}  // namespace
}  // namespace jetsoncaption
