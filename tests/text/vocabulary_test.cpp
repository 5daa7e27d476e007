// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of the vocabulary: what is read, what is refused, how it is built.
#include "text/vocabulary.h"

#include <sstream>
#include <streambuf>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

Result<Vocabulary> read(const std::string& text) {
  std::istringstream stream(text);
  return Vocabulary::read(stream, "vocabulary.txt");
}

std::string refusal(const std::string& text) {
  const auto vocabulary = read(text);
  if (vocabulary.ok())
    return "was accepted";
  EXPECT_EQ(vocabulary.error().kind, ErrorKind::CorruptModel);
  return vocabulary.error().message;
}

TEST(Vocabulary, IdOfAWordIsItsLine) {
  const auto vocabulary = read("<pad>\na\nd\u00e9j\u00e0\n");
  ASSERT_TRUE(vocabulary.ok());
  EXPECT_EQ(vocabulary.value().size(), 3);
  EXPECT_EQ(vocabulary.value().word(1), "a");
  EXPECT_EQ(vocabulary.value().find("d\u00e9j\u00e0"), 2);
}

TEST(Vocabulary, UnknownWordIsMinusOne) {
  const auto vocabulary = read("a\n");
  ASSERT_TRUE(vocabulary.ok());
  EXPECT_EQ(vocabulary.value().find("b"), -1);
}

TEST(Vocabulary, LastLineNeedsNoLineFeed) {
  const auto vocabulary = read("a\nb");
  ASSERT_TRUE(vocabulary.ok());
  EXPECT_EQ(vocabulary.value().find("b"), 1);
}

TEST(Vocabulary, WordOf64BytesIsRead) {
  const std::string longest(64, 'w');
  const auto vocabulary = read(longest + "\n");
  ASSERT_TRUE(vocabulary.ok());
  EXPECT_EQ(vocabulary.value().word(0), longest);
}

TEST(Vocabulary, RefusalNamesFileLineAndFault) {
  EXPECT_EQ(refusal("a\nb c\n"),
            "vocabulary.txt line 2 has a blank or a control character in it; "
            "it must have one UTF-8 word a line");
}

TEST(Vocabulary, RefusesWhatIsNotAListOfWords) {
  using std::string_literals::operator""s;
  const struct {
    std::string text;
    const char* fault;
  } cases[] = {
      {"", "is empty"},
      {"a\n\nb\n", "line 2 is empty"},
      {"a\nb\na\n", "line 3 repeats the word 'a' of line 1"},
      {"a\r\n", "line 1 has a blank"},
      {"a\tb\n", "line 1 has a blank"},
      {"a\0b\n"s, "line 1 has a blank"},
      {"\u009b31m\n", "line 1 has a character in it that acts on a terminal"},  // C1
      {"a\u202eb\n", "line 1 has a character in it that acts on a terminal"},   // direction
      {"a\n" + std::string(65, 'w') + "\n", "line 2 is longer than 64 bytes"},
      {std::string(100000, 'w'), "line 1 is longer than 64 bytes"},
      {"\xff\n", "line 1 is not UTF-8"},
      {"\xc3\n", "line 1 is not UTF-8"},              // cut short
      {"\xc0\xaf\n", "line 1 is not UTF-8"},          // overlong "/"
      {"\xed\xa0\x80\n", "line 1 is not UTF-8"},      // surrogate
      {"\xf4\x90\x80\x80\n", "line 1 is not UTF-8"},  // above U+10FFFF
  };
  for (const auto& c : cases)
    EXPECT_NE(refusal(c.text).find(c.fault), std::string::npos)
        << c.fault << ": " << refusal(c.text);
}

TEST(Vocabulary, RefusesMoreThanAMillionWords) {
  std::string text;
  for (int i = 0; i < 1000000; ++i)
    text += std::to_string(i) + '\n';
  EXPECT_TRUE(read(text).ok());
  EXPECT_NE(refusal(text + "more\n").find("more than 1000000"), std::string::npos);
}

// Gives one line, then fails as a disk does.
class FailingBuffer : public std::streambuf {
 public:
  FailingBuffer() { setg(line_, line_, line_ + 2); }

 private:
  int_type underflow() override { throw 1; }
  char line_[3] = "a\n";
};

TEST(Vocabulary, FileThatCannotBeReadToItsEndIsRefused) {
  FailingBuffer buffer;
  std::istream stream(&buffer);
  const auto vocabulary = Vocabulary::read(stream, "vocabulary.txt");
  ASSERT_FALSE(vocabulary.ok());
  EXPECT_NE(vocabulary.error().message.find("could not be read"), std::string::npos);
}

TEST(Vocabulary, BuiltOneBeginsWithTheSpecialTokens) {
  const Vocabulary vocabulary = Vocabulary::build({{"dog"}}, 1);
  EXPECT_EQ(vocabulary.to_text(), "<pad>\n<start>\n<end>\n<unk>\ndog\n");
}

TEST(Vocabulary, BuiltOneHasFrequentWordsFirstAndEqualOnesInAlphabeticalOrder) {
  const Vocabulary vocabulary =
      Vocabulary::build({{"a", "dog", "and", "a", "cat"}, {"a", "cat", "and", "a", "dog"}}, 1);
  EXPECT_EQ(vocabulary.to_text(), "<pad>\n<start>\n<end>\n<unk>\na\nand\ncat\ndog\n");
}

TEST(Vocabulary, BuiltOneLeavesRareWordsOut) {
  const Vocabulary vocabulary = Vocabulary::build({{"dog", "dog", "cat"}}, 2);
  EXPECT_EQ(vocabulary.size(), 5);
  EXPECT_EQ(vocabulary.find("cat"), -1);
}

TEST(Vocabulary, SpecialTokenInASentenceIsNotAddedTwice) {
  const Vocabulary vocabulary = Vocabulary::build({{"<end>", "dog"}}, 1);
  EXPECT_EQ(vocabulary.size(), 5);
  EXPECT_EQ(vocabulary.find("<end>"), 2);
}

TEST(Vocabulary, BuiltOneLeavesOutWhatCouldNotBeReadBack) {
  const Vocabulary vocabulary = Vocabulary::build({{"\xff", "dog", std::string(65, 'w'), ""}}, 1);
  EXPECT_EQ(vocabulary.to_text(), "<pad>\n<start>\n<end>\n<unk>\ndog\n");
}

TEST(Vocabulary, KnownWordsKeepTheirIdsAndNewOnesComeAfterThem) {
  const Vocabulary known = Vocabulary::build({{"dog", "dog", "cat"}}, 1);
  const Vocabulary grown =
      Vocabulary::build({{"cat", 9}, {"horse", 2}, {"sheep", 3}, {"rare", 1}}, 2, &known);
  EXPECT_EQ(grown.to_text(), "<pad>\n<start>\n<end>\n<unk>\ndog\ncat\nsheep\nhorse\n");
}

TEST(Vocabulary, TextIsReadBackTheSame) {
  const Vocabulary built = Vocabulary::build({{"a", "dog", "'s", "ball"}}, 1);
  const auto again = read(built.to_text());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().to_text(), built.to_text());
}

}  // namespace
}  // namespace jetsoncaption
