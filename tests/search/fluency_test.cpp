// SPDX-License-Identifier: LGPL-2.1-or-later
// What the search lets no sentence say: the same again, or the beginning of something.
#include <gtest/gtest.h>

#include "fake_scorer.h"
#include "search/search.h"

namespace jetsoncaption {
namespace {

Sentence written(const Table& table, const SearchOptions& options) {
  FakeScorer scorer(table);
  return search(scorer, options).words;
}

// "b" is likelier after "b" than all else, and names the same thing.
FakeScorer stammerer() {
  return FakeScorer({{{}, {{kB, 1.0}}},
                     {{kB}, {{kB, 0.8}, {kC, 0.2}}},
                     {{kB, kB}, {{kEnd, 1.0}}},
                     {{kB, kC}, {{kEnd, 1.0}}}});
}

TEST(Fluency, ASentenceNamesNoThingTwice) {
  for (const int beam_size : {1, 3}) {
    FakeScorer scorer = stammerer();
    SearchOptions once = options(beam_size);
    const WordThings things({-1, -1, -1, -1, 7, -1});  // of each word; only "b" names a thing
    once.things = &things;
    EXPECT_EQ(search(scorer, once).words, (Sentence{kB, kC}));
  }
}

TEST(Fluency, WordsOfOneThingCountAsTheSame) {
  FakeScorer scorer = stammerer();
  SearchOptions once = options(1);
  const WordThings things({-1, -1, -1, -1, 7, 7});
  once.things = &things;
  const SearchResult result = search(scorer, once);
  EXPECT_EQ(result.words, Sentence{kB}) << "neither b nor c may follow";
  EXPECT_TRUE(result.truncated);
}

TEST(Fluency, TwoWordsMayNameAnotherThingThanTheSecondAlone) {
  // "b", then "a b", which is another thing, then "b" is refused, "a b" too: "c".
  FakeScorer scorer({{{}, {{kB, 1.0}}},
                     {{kB}, {{kA, 1.0}}},
                     {{kB, kA}, {{kB, 1.0}}},
                     {{kB, kA, kB}, {{kB, 0.6}, {kA, 0.4}}},
                     {{kB, kA, kB, kA}, {{kB, 0.9}, {kC, 0.1}}},
                     {{kB, kA, kB, kA, kC}, {{kEnd, 1.0}}}});
  const WordThings things({-1, -1, -1, -1, 7, -1}, {{kA, kB, 8}});
  SearchOptions once = options(1);
  once.things = &things;
  EXPECT_EQ(search(scorer, once).words, (Sentence{kB, kA, kB, kA, kC}));
}

TEST(Fluency, WithoutThingsWordsMayRepeat) {
  FakeScorer scorer = stammerer();
  EXPECT_EQ(search(scorer, options(1)).words, (Sentence{kB, kB}));
}

TEST(Fluency, NoWordFollowsItselfWhereStammerIsForbidden) {
  for (const int beam_size : {1, 3}) {
    FakeScorer scorer = stammerer();
    SearchOptions fluent = options(beam_size);
    fluent.may_stammer = false;
    EXPECT_EQ(search(scorer, fluent).words, (Sentence{kB, kC}));
  }
}

TEST(Fluency, NoWordStandsOnBothSidesOfAJoiningWord) {
  // "b", then "c", then "b" again or "a".
  const Table table = {{{}, {{kB, 1.0}}},
                       {{kB}, {{kC, 1.0}}},
                       {{kB, kC}, {{kB, 0.8}, {kA, 0.2}}},
                       {{kB, kC, kA}, {{kEnd, 1.0}}},
                       {{kB, kC, kB}, {{kEnd, 1.0}}}};
  SearchOptions fluent = options(1);
  fluent.may_stammer = false;
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kB})) << "no joining word";
  fluent.joining_words = {kC};
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kA}));
}

TEST(Fluency, NoTwoWordsFollowThemselvesWhereStammerIsForbidden) {
  // "b c b", then "c" again or "a".
  const Table table = {{{}, {{kB, 1.0}}},
                       {{kB}, {{kC, 1.0}}},
                       {{kB, kC}, {{kB, 1.0}}},
                       {{kB, kC, kB}, {{kC, 0.8}, {kA, 0.2}}},
                       {{kB, kC, kB, kA}, {{kEnd, 1.0}}},
                       {{kB, kC, kB, kC}, {{kEnd, 1.0}}}};
  SearchOptions fluent = options(1);
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kB, kC}));
  fluent.may_stammer = false;
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kB, kA}));
}

TEST(Fluency, NoWordDescribesOneThingTwice) {
  // "b c", both of which describe, then "b" again or "a", a thing; and then "b" of the next one.
  const Table table = {{{}, {{kB, 1.0}}},
                       {{kB}, {{kC, 1.0}}},
                       {{kB, kC}, {{kB, 0.8}, {kA, 0.2}}},
                       {{kB, kC, kB}, {{kEnd, 1.0}}},
                       {{kB, kC, kA}, {{kB, 1.0}}},
                       {{kB, kC, kA, kB}, {{kEnd, 1.0}}}};
  SearchOptions fluent = options(1);
  fluent.adjectives = {kB, kC};
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kB}));
  fluent.may_stammer = false;
  EXPECT_EQ(written(table, fluent), (Sentence{kB, kC, kA, kB}));
}

TEST(Fluency, NoSentenceEndsWithAWordThatAsksForAnother) {
  FakeScorer scorer(
      {{{}, {{kA, 1.0}}}, {{kA}, {{kEnd, 0.7}, {kB, 0.3}}}, {{kA, kB}, {{kEnd, 1.0}}}});
  SearchOptions whole = options(1);
  whole.unfinished_words = {kA};
  EXPECT_EQ(search(scorer, whole).words, (Sentence{kA, kB}));
}

// "b c a" of three words was cut off by the limit: it is not whole, and takes the place of no
// sentence that is.
TEST(Fluency, ASentenceThatTheLimitEndsMayAskForAnotherWordButIsNotWhole) {
  for (const int beam_size : {1, 2}) {
    FakeScorer scorer({{{}, {{kB, 1.0}}},
                       {{kB}, {{kC, 0.7}, {kEnd, 0.3}}},
                       {{kB, kC}, {{kA, 1.0}}},
                       {{kB, kC, kA}, {{kEnd, 0.9}, {kB, 0.1}}}});
    SearchOptions brief = options(beam_size);
    brief.unfinished_words = {kA};
    brief.max_words = 3;
    const SearchResult result = search(scorer, brief);
    EXPECT_EQ(result.words, beam_size == 1 ? (Sentence{kB, kC, kA}) : (Sentence{kB}));
    EXPECT_EQ(result.truncated, beam_size == 1);
  }
}

TEST(Fluency, NoArticleIsFollowedByAWordThatAsksForAnother) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kC, 0.7}, {kB, 0.3}}}, {{kA, kB}, {{kEnd, 1.0}}}});
  SearchOptions whole = options(1);
  whole.articles = {kA};
  whole.unfinished_words = {kA, kC};
  EXPECT_EQ(search(scorer, whole).words, (Sentence{kA, kB}));
}

// Of "b c on a red" the first two words are left.
TEST(Fluency, ASentenceIsCutBackWhereItEndsWithWhatOnlyDescribes) {
  constexpr int kOn = 6;
  constexpr int kRed = 7;
  const auto words_of = [=](bool is_an_article) {
    FakeScorer scorer({{{}, {{kB, 1.0}}},
                       {{kB}, {{kC, 1.0}}},
                       {{kB, kC}, {{kOn, 1.0}}},
                       {{kB, kC, kOn}, {{kA, 1.0}}},
                       {{kB, kC, kOn, kA}, {{kRed, 1.0}}},
                       {{kB, kC, kOn, kA, kRed}, {{kEnd, 1.0}}}},
                      8);
    SearchOptions whole = options(1);
    if (is_an_article)
      whole.articles = {kA};
    whole.adjectives = {kRed};
    whole.words_before_things = {kOn};
    return search(scorer, whole).words;
  };
  EXPECT_EQ(words_of(true), (Sentence{kB, kC}));
  EXPECT_EQ(words_of(false), (Sentence{kB, kC, kOn, kA, kRed})) << "as in 'dressed in red'";
}

TEST(Fluency, ASentenceIsNotCutBackToNothing) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kB, 1.0}}}, {{kA, kB}, {{kEnd, 1.0}}}});
  SearchOptions whole = options(1);
  whole.articles = {kA};
  whole.adjectives = {kB};
  EXPECT_EQ(search(scorer, whole).words, (Sentence{kA, kB}));
}

// "a red sitting", but "a red and".
TEST(Fluency, NothingThatFollowsAThingFollowsWhatOnlyDescribes) {
  const auto words_of = [](bool joins) {
    FakeScorer scorer({{{}, {{kA, 1.0}}},
                       {{kA}, {{kB, 1.0}}},
                       {{kA, kB}, {{kC, 0.7}, {kB, 0.3}}},
                       {{kA, kB, kB}, {{kEnd, 1.0}}},
                       {{kA, kB, kC}, {{kEnd, 1.0}}}});
    SearchOptions whole = options(1);
    whole.articles = {kA};
    whole.adjectives = {kB};
    (joins ? whole.joining_words : whole.words_after_things) = {kC};
    return search(scorer, whole).words;
  };
  EXPECT_EQ(words_of(true), (Sentence{kA, kB, kC}));
  EXPECT_EQ(words_of(false), (Sentence{kA, kB, kB}));
}

}  // namespace
}  // namespace jetsoncaption
