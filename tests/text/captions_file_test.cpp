// SPDX-License-Identifier: LGPL-2.1-or-later
// How files with captions and lists of pictures are read, and refused.
#include "text/captions_file.h"

#include <sstream>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<References> references_of(const std::string& text) {
  std::istringstream stream(text);
  return read_references(stream, "captions.txt");
}

Result<std::vector<std::string>> names_of(const std::string& text) {
  std::istringstream stream(text);
  return read_names(stream, "dev.txt");
}

TEST(ReadReferences, CollectsTheSentencesOfAPicture) {
  const auto references = references_of("a.jpg\tA dog .\nb.jpg\tTwo cats\n\na.jpg\tThe Dog runs");

  ASSERT_TRUE(references.ok());
  EXPECT_EQ(references.value().size(), 2U);
  EXPECT_THAT(references.value().at("a.jpg"),
              ElementsAre(ElementsAre("a", "dog"), ElementsAre("the", "dog", "runs")));
}

TEST(ReadReferences, TakesLinesThatEndAsOnWindows) {
  const auto references = references_of("a.jpg\ta dog\r\n");

  ASSERT_TRUE(references.ok());
  EXPECT_THAT(references.value().at("a.jpg"), ElementsAre(ElementsAre("a", "dog")));
}

TEST(ReadReferences, NamesTheLineThatHasNoTab) {
  const auto references = references_of("a.jpg\ta dog\nb.jpg a cat\n");

  ASSERT_FALSE(references.ok());
  EXPECT_EQ(references.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(references.error().message, HasSubstr("captions.txt, line 2: 'b.jpg a cat'"));
}

TEST(ReadReferences, RefusesASentenceWithoutWords) {
  const auto references = references_of("a.jpg\t . \n");

  ASSERT_FALSE(references.ok());
  EXPECT_THAT(references.error().message, HasSubstr("line 1"));
}

TEST(ReadReferences, RefusesAnEmptyFile) {
  const auto references = references_of("\n");

  ASSERT_FALSE(references.ok());
  EXPECT_THAT(references.error().message, HasSubstr("captions.txt contains no captions"));
}

TEST(ReadNames, KeepsTheOrderOfTheFile) {
  const auto names = names_of("b.jpg\n\na.jpg");

  ASSERT_TRUE(names.ok());
  EXPECT_THAT(names.value(), ElementsAre("b.jpg", "a.jpg"));
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
