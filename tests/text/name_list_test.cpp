// SPDX-License-Identifier: LGPL-2.1-or-later
// How files with captions and lists of pictures are read, and refused.
#include "text/name_list.h"

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

TEST(ReadReferences, TakesNamesWithTheNumberOfTheSentence) {
  const auto references = references_of("a.jpg#0\ta dog\na.jpg#1\tan animal\ntake#2\ta cat\n");

  ASSERT_TRUE(references.ok());
  EXPECT_THAT(references.value().at("a.jpg"),
              ElementsAre(ElementsAre("a", "dog"), ElementsAre("an", "animal")));
  EXPECT_EQ(references.value().count("take#2"), 1U) << "this is its name";
}

TEST(ReadReferences, ReadsWhatWasMeantWhateverIsInvisible) {
  // A byte order mark, blanks behind the name, a no-break blank, a soft hyphen, a zero-width blank.
  const auto references = references_of(
      "\xEF\xBB\xBF"
      "a.jpg  \ta\xC2\xA0"
      "d\xC2\xADog\xE2\x80\x8B \r\n");

  ASSERT_TRUE(references.ok()) << references.error().message;
  ASSERT_EQ(references.value().count("a.jpg"), 1U);
  EXPECT_THAT(references.value().at("a.jpg"), ElementsAre(ElementsAre("a", "dog")));
}

TEST(ReadReferences, KeepsWordsOfOtherScripts) {
  const auto references = references_of("a.jpg\t\u0633\u06AF\u200C\u0647\u0627 \U0001F415\n");

  ASSERT_TRUE(references.ok()) << references.error().message;
  EXPECT_THAT(references.value().at("a.jpg"),
              ElementsAre(ElementsAre("\u0633\u06AF\u200C\u0647\u0627", "\U0001F415")));
}

TEST(ReadReferences, NamesTheLineWithWhatCannotHaveBeenMeant) {
  const std::string zero("b.jpg\ta d\0og\n", 13);
  for (const std::string& line : {zero, std::string("b.jpg\ta \x1B[1mdog\n"),
                                  std::string("b.jpg\ta \xC2\x9B"
                                              "dog\n")}) {
    const auto references = references_of("a.jpg\ta dog\n" + line);

    ASSERT_FALSE(references.ok());
    EXPECT_THAT(references.error().message,
                HasSubstr("captions.txt, line 2: behind the tab, byte"));
    EXPECT_THAT(references.error().message, HasSubstr("control character"));
  }
}

TEST(ReadReferences, RefusesOtherEncodings) {
  EXPECT_THAT(references_of("a.jpg\ta caf\xE9\n").error().message, HasSubstr("not UTF-8"));
  EXPECT_THAT(references_of(std::string("\xFF\xFE"
                                        "a\0.\0",
                                        6))
                  .error()
                  .message,
              HasSubstr("captions.txt is UTF-16; save it as UTF-8"));
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

TEST(ReadNames, AreCleanedLikeThoseOfCaptions) {
  const auto names = names_of(
      "\xEF\xBB\xBF"
      "b.jpg \r\n\r\na.jpg#3\r\n");

  ASSERT_TRUE(names.ok()) << names.error().message;
  EXPECT_THAT(names.value(), ElementsAre("b.jpg", "a.jpg"));
  EXPECT_THAT(names_of(std::string("b\0.jpg", 6)).error().message,
              HasSubstr("dev.txt, line 1: byte 2 of it is the control character 00"));
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
