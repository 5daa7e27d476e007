// SPDX-License-Identifier: LGPL-2.1-or-later
// Sentences of other languages become words, and words become sentences again.
#include "text/language.h"

#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"
#include "text/vocabulary.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::Contains;
using testing::HasSubstr;

using Words = std::vector<std::string>;

std::unique_ptr<Tokenizer> tokenizer_for(const std::string& language) {
  auto made = make_tokenizer(language);
  EXPECT_TRUE(made.ok()) << made.error().message;
  return made.ok() ? std::move(made.value()) : nullptr;
}

TEST(English, IsSplitAsScoresNeedIt) {
  for (const char* tag : {"en", "en-GB", "EN_us"}) {
    const auto tokenizer = tokenizer_for(tag);
    for (const char* sentence :
         {"A dog's ball .", "They're 2,500 men, aren't they?", "", "Caf\u00E9 t-shirt"})
      EXPECT_EQ(tokenizer->words(sentence), tokenize(sentence)) << tag;
  }
  EXPECT_EQ(detokenize({"a", "dog", "'s", "ball"}, "en"), "a dog's ball");
}

class Language : public testing::Test {
 protected:
  void SetUp() override {
    const auto made = make_tokenizer("de");
    if (!made.ok() && made.error().kind == ErrorKind::Unsupported)
      GTEST_SKIP() << made.error().message;
  }
  void choose(const std::string& language) { tokenizer_ = tokenizer_for(language); }

  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(Language, GermanIsLoweredWithItsUmlauts) {
  choose("de");
  EXPECT_EQ(tokenizer_->words("Ein Mädchen in GRÜNEM T-Shirt läuft über die Straße."),
            (Words{"ein", "mädchen", "in", "grünem", "t-shirt", "läuft", "über", "die", "straße"}));
  EXPECT_EQ(tokenizer_->words("\u201EZwei Ärzte\u201C \u2013 3,5 Meter hoch - essen (Äpfel)!"),
            (Words{"zwei", "ärzte", "3,5", "meter", "hoch", "essen", "äpfel"}));
  EXPECT_EQ(detokenize({"ein", "mädchen", "läuft"}, "de"), "ein mädchen läuft");
}

TEST_F(Language, LettersWithAccentsAreTheSameHoweverTheyAreTyped) {
  choose("de");
  EXPECT_EQ(tokenizer_->words("u\u0308ber"), tokenizer_->words("\u00FCber"));
}

TEST_F(Language, LowerCaseIsThatOfTheLanguage) {
  choose("tr");
  EXPECT_EQ(tokenizer_->words("KIRMIZI İKİ"), (Words{"kırmızı", "iki"}));
}

TEST_F(Language, ChineseIsSplitIntoWordsWithoutBlanks) {
  choose("zh");
  const Words words = tokenizer_->words("一只狗在草地上奔跑。两个女孩，在沙滩上玩耍！");
  // Which words there are is a matter of ICU's dictionary, so only what every version does.
  EXPECT_GE(words.size(), 9U);
  EXPECT_THAT(words, Contains("狗"));
  EXPECT_THAT(words, Contains("女孩"));
  EXPECT_EQ(detokenize(words, "zh-Hans"), "一只狗在草地上奔跑两个女孩在沙滩上玩耍");
  const auto vocabulary = Vocabulary::build({words}, 1);
  for (const std::string& word : words)
    EXPECT_GE(vocabulary.find(word), 4) << word;
}

TEST_F(Language, WordsOfOtherScriptsKeepTheirBlanksInChinese) {
  choose("zh");
  EXPECT_EQ(detokenize(tokenizer_->words("桌上有 Coca Cola 和 iPhone"), "zh"),
            "桌上有coca cola和iphone");
}

TEST_F(Language, ThaiAndJapaneseAreWrittenWithoutBlanks) {
  choose("th");
  EXPECT_GE(tokenizer_->words("สุนัขวิ่งบนหญ้า").size(), 3U);
  EXPECT_EQ(detokenize(tokenizer_->words("สุนัขวิ่งบนหญ้า"), "th"), "สุนัขวิ่งบนหญ้า");
  choose("ja");
  EXPECT_GE(tokenizer_->words("犬が草の上を走っている。").size(), 4U);
  EXPECT_EQ(detokenize(tokenizer_->words("犬が草の上を走っている。"), "ja"),
            "犬が草の上を走っている");
}

TEST_F(Language, BytesThatAreNoUtf8DoNoHarm) {
  choose("de");
  EXPECT_THAT(tokenizer_->words("Ein \xFF Hund \xC3"), Contains("hund"));
  EXPECT_TRUE(tokenizer_->words("").empty());
  EXPECT_TRUE(tokenizer_->words("... \xF0\x9F\x90\x95 !").empty());
}

TEST_F(Language, IsRefusedWhenThereIsNoSuchOne) {
  for (const char* tag : {"", "english", "xx", "d e", "de-", "../de", "deutsch"}) {
    const auto made = make_tokenizer(tag);
    ASSERT_FALSE(made.ok()) << tag;
    EXPECT_EQ(made.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(made.error().message, HasSubstr(std::string("'") + tag + "'"));
  }
}

}  // namespace
}  // namespace jetsoncaption
