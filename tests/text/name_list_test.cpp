// SPDX-License-Identifier: LGPL-2.1-or-later
// How lists of pictures are read, and refused.
#include "text/name_list.h"

#include <sstream>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<std::string>> names_of(const std::string& text) {
  std::istringstream stream(text);
  return read_names(stream, "dev.txt");
}

TEST(ReadNames, RefusesOtherEncodings) {
  for (const std::string& text : {std::string("\xFF\xFE"
                                              "b\0",
                                              4),
                                  std::string("\xFE\xFF\0b", 4)})
    EXPECT_THAT(names_of(text).error().message, HasSubstr("dev.txt is UTF-16; save it as UTF-8"));
}

TEST(ReadNames, KeepsTheOrderOfTheFile) {
  const auto names = names_of("b.jpg\n\na.jpg");

  ASSERT_TRUE(names.ok());
  EXPECT_THAT(names.value(), ElementsAre("b.jpg", "a.jpg"));
}

TEST(ReadNames, AreCleanedLikeThoseOfCaptions) {
  const auto names = names_of(
      "\xEF\xBB\xBF"
      "b.jpg \r\n\r\na.jpg#3\r\n");

  ASSERT_TRUE(names.ok()) << names.error().message;
  EXPECT_THAT(names.value(), ElementsAre("b.jpg", "a.jpg"));
  EXPECT_THAT(names_of(std::string("b\0.jpg", 6)).error().message,
              HasSubstr("dev.txt, line 1: byte 2 of it is the control character 00"));
}

TEST(ReadNames, MayBeThoseThatTheCommandFindPrints) {
  EXPECT_THAT(names_of("./a.jpg\n./b/c.jpg\n").value(), ElementsAre("a.jpg", "b/c.jpg"));
}

TEST(ReadNames, KeepTheBlanksInside) {
  // As in the names of screenshots.
  const std::string name =
      "at  9.41\xE2\x80\xAF"
      "AM.png";

  EXPECT_THAT(names_of(" " + name + " \n").value(), ElementsAre(name));
}

TEST(ReadNames, RefusesANameThatComesTwice) {
  const auto names = names_of("b.jpg\na.jpg\nb.jpg\n");

  ASSERT_FALSE(names.ok());
  EXPECT_THAT(names.error().message, HasSubstr("dev.txt, line 3: 'b.jpg'"));
}

TEST(ReadNames, RefusesAnEmptyFile) {
  EXPECT_FALSE(names_of("").ok());
}

}  // namespace
}  // namespace jetsoncaption
