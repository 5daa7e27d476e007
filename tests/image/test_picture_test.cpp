// SPDX-License-Identifier: LGPL-2.1-or-later
// The pictures of self-tests: bundles rely on their every byte.
#include "image/test_picture.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

// FNV-1a, 64 bits.
uint64_t checksum(const std::vector<uint8_t>& bytes) {
  uint64_t sum = 14695981039346656037U;
  for (const uint8_t byte : bytes)
    sum = (sum ^ byte) * 1099511628211U;
  return sum;
}

TEST(TestPicture, HasTheSizeThatWasAskedFor) {
  const Image image = make_test_picture(0, 5, 3);
  EXPECT_EQ(image.width, 5);
  EXPECT_EQ(image.height, 3);
  EXPECT_EQ(image.pixels.size(), 5U * 3 * 3);
}

TEST(TestPicture, IsAnotherForEachNumber) {
  std::set<std::vector<uint8_t>> pictures;
  for (int number = 0; number < kTestPictures; ++number)
    pictures.insert(make_test_picture(number, 32, 32).pixels);
  EXPECT_EQ(pictures.size(), size_t{kTestPictures});
}

TEST(TestPicture, NeverChanges) {
  uint64_t all = 0;
  for (int number = 0; number < kTestPictures; ++number)
    all = all * 31 + checksum(make_test_picture(number, 224, 224).pixels);
  EXPECT_EQ(all, 1770634092579150356U) << "the self-tests of all bundles would fail";
}

}  // namespace
}  // namespace jetsoncaption
