// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of splitting sentences into words and joining them again.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using Words = std::vector<std::string>;

TEST(Tokenizer, LowersCaseAndDropsTheFullStop) {
  EXPECT_EQ(tokenize("A child in a Pink dress ."),
            (Words{"a", "child", "in", "a", "pink", "dress"}));
  EXPECT_EQ(tokenize("Two dogs."), (Words{"two", "dogs"}));
}

TEST(Tokenizer, DropsPunctuationWithOrWithoutBlanks) {
  const Words expected{"a", "dog", "runs"};
  EXPECT_EQ(tokenize("\"A dog,\" (runs)!"), expected);
  EXPECT_EQ(tokenize("A dog ; -- runs ..."), expected);
  EXPECT_EQ(tokenize("``a dog'' - runs : ?"), expected);
  EXPECT_EQ(tokenize("a,dog...runs--"), expected);
  EXPECT_EQ(tokenize("-LRB- a dog -RRB- runs"), expected);
  EXPECT_EQ(tokenize("'A dog' runs\\"), expected);
}

TEST(Tokenizer, SplitsClitics) {
  EXPECT_EQ(tokenize("A dog's ball ."), (Words{"a", "dog", "'s", "ball"}));
  EXPECT_EQ(tokenize("a dog 's ball"), (Words{"a", "dog", "'s", "ball"}));
  EXPECT_EQ(tokenize("They're here, it doesn't, we'll see"),
            (Words{"they", "'re", "here", "it", "does", "n't", "we", "'ll", "see"}));
  EXPECT_EQ(tokenize("the dogs' ball"), (Words{"the", "dogs", "ball"}));
  EXPECT_EQ(tokenize("bird 's-eye-view"), (Words{"bird", "'s", "eye-view"}));
}

TEST(Tokenizer, SplitsContractionsWithoutApostrophe) {
  EXPECT_EQ(tokenize("Cannot gonna"), (Words{"can", "not", "gon", "na"}));
}

TEST(Tokenizer, KeepsApostropheInsideAWord) {
  EXPECT_EQ(tokenize("8 o'clock rock 'n' roll"), (Words{"8", "o'clock", "rock", "'n'", "roll"}));
}

TEST(Tokenizer, KeepsHyphenInsideAWord) {
  EXPECT_EQ(tokenize("t-shirt -slide slide-"), (Words{"t-shirt", "slide", "slide"}));
}

TEST(Tokenizer, KeepsFullStopOfAnAbbreviation) {
  EXPECT_EQ(tokenize("Mr. T in Washington D.C. with U. players."),
            (Words{"mr.", "t", "in", "washington", "d.c.", "with", "u.", "players"}));
  EXPECT_EQ(tokenize("this is a."), (Words{"this", "is", "a"}));
}

TEST(Tokenizer, KeepsMarksInsideNumbersAndNames) {
  EXPECT_EQ(tokenize("2,500 men at 2:30 , 3.5 and avrovulcan.com"),
            (Words{"2,500", "men", "at", "2:30", "3.5", "and", "avrovulcan.com"}));
}

TEST(Tokenizer, SplitsOffNumberSigns) {
  EXPECT_EQ(tokenize("player #8 pays $5"), (Words{"player", "#", "8", "pays", "$", "5"}));
}

TEST(Tokenizer, TakesTypographicMarksForTheirPlainForms) {
  EXPECT_EQ(tokenize("a dog\u2019s \u201cball\u201d \u2014 red\u2026"),
            (Words{"a", "dog", "'s", "ball", "red"}));
}

TEST(Tokenizer, NothingButPunctuationIsNoWord) {
  for (const char* text : {"", "   ", ".", "...", "'", "''", "-", "- . '", "\t\r\n"})
    EXPECT_EQ(tokenize(text), Words{}) << "'" << text << "'";
}

TEST(Tokenizer, OtherBytesAreKept) {
  const std::string text("caf\xc3\xa9 \xff a\0b", 11);
  EXPECT_EQ(tokenize(text), (Words{"caf\xc3\xa9", "\xff", std::string("a\0b", 3)}));
}

TEST(Tokenizer, SplittingAgainChangesNothing) {
  const Words once = tokenize("Mr. O'Neil's dogs don't cross the snow-covered D.C. street #5 .");
  std::string joined;
  for (const auto& word : once)
    joined += word + ' ';
  EXPECT_EQ(tokenize(joined), once);
}

TEST(Detokenizer, JoinsWordsWithBlanksAndClitics) {
  EXPECT_EQ(detokenize({"a", "dog", "'s", "ball", "does", "n't", "roll"}),
            "a dog's ball doesn't roll");
}

TEST(Detokenizer, CliticAtTheBeginningStandsAlone) {
  EXPECT_EQ(detokenize({"'s", "a"}), "'s a");
}

TEST(Detokenizer, NoWordsMakeAnEmptySentence) {
  EXPECT_EQ(detokenize({}), "");
}

}  // namespace
}  // namespace jetsoncaption
