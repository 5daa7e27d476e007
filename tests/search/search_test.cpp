// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of greedy and beam search, on decoders that are tables.
#include "search/search.h"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include <gtest/gtest.h>

#include "fake_scorer.h"

namespace jetsoncaption {
namespace {

// "a" looks better at first (0.6 to 0.4), but "b" ends better: 0.6 * 0.4 = 0.24, 0.4 * 0.9 = 0.36.
FakeScorer late_bloomer() {
  return FakeScorer({{{}, {{kA, 0.6}, {kB, 0.4}}},
                     {{kA}, {{kEnd, 0.4}, {kB, 0.35}, {kC, 0.25}}},
                     {{kB}, {{kEnd, 0.9}, {kC, 0.1}}},
                     {{kA, kB}, {{kC, 1.0}}}});
}

TEST(GreedySearch, TakesTheLikeliestWordAtEachStep) {
  FakeScorer scorer = late_bloomer();
  const SearchResult result = search(scorer, options(1));
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_FALSE(result.truncated);
  EXPECT_EQ(scorer.all_words, (std::vector<Sentence>{{kStart}, {kA}}));
}

TEST(GreedySearch, ReportsTheLogProbabilityOfEachWord) {
  FakeScorer scorer = late_bloomer();
  const SearchResult result = search(scorer, options(1));
  ASSERT_EQ(result.word_log_probabilities.size(), 1U);
  EXPECT_FLOAT_EQ(result.word_log_probabilities[0], static_cast<float>(std::log(0.6)));
  EXPECT_FLOAT_EQ(result.end_log_probability, static_cast<float>(std::log(0.4)));
}

TEST(Search, CountsEachStepOfTheScorer) {
  for (const int max_words : {1, 3}) {
    FakeScorer scorer = late_bloomer();
    const SearchResult result = search(scorer, options(2, max_words));
    EXPECT_EQ(static_cast<size_t>(result.steps), scorer.all_words.size());
  }
  ConstantScorer endless({-9, -9, -kInfinity, -0.3F, -1, -2});
  EXPECT_EQ(search(endless, options(1, 3)).steps, 4) << "cut off: one to see whether it ends";
}

TEST(BeamSearch, FindsTheSentenceThatGreedySearchMisses) {
  FakeScorer scorer = late_bloomer();
  const SearchResult result = search(scorer, options(2));
  EXPECT_EQ(result.words, Sentence{kB});
  EXPECT_FALSE(result.truncated);
}

TEST(Search, WhatSpeaksAgainstAWordDoesNotAgainstAPair) {
  // "a b" is no "b".
  FakeScorer scorer({{{}, {{kA, 1.0}}},
                     {{kA}, {{kB, 0.6}, {kC, 0.4}}},
                     {{kA, kB}, {{kEnd, 1.0}}},
                     {{kA, kC}, {{kEnd, 1.0}}}});
  const WordThings things({-1, -1, -1, -1, 7, -1}, {{kA, kB, 8}});
  SearchOptions seen = options(1);
  seen.things = &things;
  seen.word_evidence = {0, 0, 0, 0, -5, 0};
  EXPECT_EQ(search(scorer, seen).words, (Sentence{kA, kB}));
}

TEST(Search, OtherEvidenceCountsBesideTheDecoders) {
  for (const int beam_size : {1, 3}) {
    FakeScorer scorer({{{}, {{kA, 0.5}, {kB, 0.4}}}, {{kA}, {{kEnd, 1.0}}}, {{kB}, {{kEnd, 1.0}}}});
    SearchOptions seen = options(beam_size);
    seen.word_evidence = {0, 0, 0, -0.5F, 0.1F, 0};  // of each word: "a" is hardly there
    const SearchResult result = search(scorer, seen);
    EXPECT_EQ(result.words, Sentence{kB});
    EXPECT_FLOAT_EQ(result.word_log_probabilities[0], static_cast<float>(std::log(0.4)))
        << "what is reported is the decoder's";
  }
}

TEST(Search, EvidenceMakesNoWordMoreThanCertain) {
  // "a" is certain and so is "b" with what speaks for it: the lower id wins.
  FakeScorer scorer({{{}, {{kA, 1.0}, {kB, 0.9}}}, {{kA}, {{kEnd, 1.0}}}, {{kB}, {{kEnd, 1.0}}}});
  SearchOptions seen = options(1);
  seen.word_evidence = {0, 0, 0, 0, 5, 0};
  EXPECT_EQ(search(scorer, seen).words, Sentence{kA});
}

// Both survivors of the second step descend from "b", which was in slot 1; then they change places,
// because "b c" grows better than "b a".
FakeScorer place_changer() {
  return FakeScorer({{{}, {{kA, 0.6}, {kB, 0.4}}},
                     {{kA}, {{kA, 0.1}, {kB, 0.1}, {kC, 0.1}}},
                     {{kB}, {{kA, 0.55}, {kC, 0.45}}},
                     {{kB, kA}, {{kA, 0.3}, {kB, 0.3}}},
                     {{kB, kC}, {{kA, 0.9}}},
                     {{kB, kC, kA}, {{kEnd, 1.0}}},
                     {{kB, kA, kA}, {{kEnd, 0.1}}}});
}

TEST(BeamSearch, ContinuesEachSentenceFromItsOwnSlot) {
  FakeScorer scorer = place_changer();
  const SearchResult result = search(scorer, options(2));
  EXPECT_EQ(result.words, (Sentence{kB, kC, kA}));
  EXPECT_EQ(scorer.all_parents, (std::vector<Sentence>{{0}, {0, 0}, {1, 1}, {1, 0}}));
  EXPECT_EQ(scorer.all_words, (std::vector<Sentence>{{kStart}, {kA, kB}, {kA, kC}, {kA, kA}}));
}

// "a": 0.5 * 0.5 = 0.25, two terms with the end; "b c": 0.5 * 0.6 * 0.6 = 0.18, three terms.
FakeScorer short_or_long() {
  return FakeScorer({{{}, {{kA, 0.5}, {kB, 0.5}}},
                     {{kA}, {{kEnd, 0.5}, {kA, 0.1}}},
                     {{kB}, {{kC, 0.6}, {kA, 0.1}}},
                     {{kB, kC}, {{kEnd, 0.6}}},
                     {{kA, kA}, {{kEnd, 0.1}}},
                     {{kB, kA}, {{kEnd, 0.1}}}});
}

TEST(BeamSearch, WithoutLengthPenaltyThePlainSumDecides) {
  FakeScorer scorer = short_or_long();
  EXPECT_EQ(search(scorer, options(2, 20, 0.0F)).words, Sentence{kA});
}

// The sentence that the decoder had read when it looked so.
std::vector<float> map_after(const Sentence& sentence) {
  const float cell = FakeScorer::attention_after(sentence);
  return {cell, 1 - cell};
}

TEST(GreedySearch, KeepsWhereTheDecoderLookedForEachWord) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kB, 1.0}}}, {{kA, kB}, {{kEnd, 1.0}}}});
  SearchOptions with_attention = options(1);
  with_attention.keep_attention = true;
  const SearchResult result = search(scorer, with_attention);
  EXPECT_EQ(result.words, (Sentence{kA, kB}));
  EXPECT_EQ(result.word_attention,
            (std::vector<std::vector<float>>{map_after({}), map_after({kA})}));
}

TEST(BeamSearch, KeepsTheMapsOfTheWinningSentenceOnly) {
  FakeScorer scorer = place_changer();
  SearchOptions with_attention = options(2);
  with_attention.keep_attention = true;
  const SearchResult result = search(scorer, with_attention);
  EXPECT_EQ(result.words, (Sentence{kB, kC, kA}));
  EXPECT_EQ(result.word_attention,
            (std::vector<std::vector<float>>{map_after({}), map_after({kB}), map_after({kB, kC})}));
}

TEST(Search, KeepsTheMapsOfASentenceThatIsCutOff) {
  for (const int beam_size : {1, 3}) {
    ConstantScorer scorer({-9, -9, -9, -0.1F, -3, -3});
    SearchOptions stopping = options(beam_size);
    stopping.keep_attention = true;
    int asked = 0;
    stopping.should_stop = [&] { return ++asked == 2; };
    const SearchResult result = search(scorer, stopping);
    ASSERT_EQ(result.words, (Sentence{kA, kA})) << "beam " << beam_size;
    EXPECT_EQ(result.word_attention,
              (std::vector<std::vector<float>>{map_after({}), map_after({kA})}));
  }
}

TEST(Search, DoesNotAskForAttentionUnlessAsked) {
  FakeScorer scorer = late_bloomer();
  const SearchResult result = search(scorer, options(2));
  EXPECT_TRUE(result.word_attention.empty());
  EXPECT_EQ(scorer.attention_copies, 0);
}

TEST(Search, SentenceWithoutWordsHasNoMaps) {
  ConstantScorer scorer({-0.5F});
  SearchOptions only_end = options(3);
  only_end.end_token = 0;
  only_end.keep_attention = true;
  EXPECT_TRUE(search(scorer, only_end).word_attention.empty());
}

TEST(BeamSearch, LengthPenaltyFavoursTheLongerSentence) {
  // log 0.25 / 2 = -0.693; log 0.18 / 3 = -0.572.
  FakeScorer scorer = short_or_long();
  EXPECT_EQ(search(scorer, options(2, 20, 1.0F)).words, (Sentence{kB, kC}));
}

TEST(BeamSearch, EndsWhenNoSentenceCanOvertakeTheBest) {
  FakeScorer scorer(
      {{{}, {{kA, 0.9}, {kB, 0.1}}}, {{kA}, {{kEnd, 0.9}, {kB, 0.1}}}, {{kB}, {{kC, 1.0}}}});
  const SearchResult result = search(scorer, options(3));
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_EQ(scorer.all_words.size(), 2U);
}

TEST(BeamSearch, GoesOnWhileALongerSentenceMayOvertake) {
  // After two steps "a" has ended with log 0.45 / 2 = -0.40 and "b c" stands at log 0.4 = -0.92,
  // which at 20 words and the end would be -0.04. It ends with -0.92 / 3 = -0.31.
  FakeScorer scorer({{{}, {{kA, 0.6}, {kB, 0.4}}},
                     {{kA}, {{kEnd, 0.75}}},
                     {{kB}, {{kC, 1.0}}},
                     {{kB, kC}, {{kEnd, 1.0}}}});
  EXPECT_EQ(search(scorer, options(3, 20, 1.0F)).words, (Sentence{kB, kC}));
}

TEST(BeamSearch, EndsWhenAsManySentencesHaveEndedAsItCompares) {
  FakeScorer scorer({{{}, {{kA, 0.5}, {kB, 0.3}, {kC, 0.2}}},
                     {{kA}, {{kEnd, 0.5}, {kA, 0.5}}},
                     {{kB}, {{kEnd, 0.9}}}});
  const SearchResult result = search(scorer, options(2, 20, 1.0F));
  EXPECT_EQ(result.words, Sentence{kB});
  EXPECT_EQ(scorer.all_words.size(), 2U);
}

TEST(Search, OfEqualWordsTheLowerIdWins) {
  for (const int beam_size : {1, 2, 3}) {
    FakeScorer scorer({{{}, {{kC, 0.5}, {kA, 0.5}}}, {{kA}, {{kEnd, 1.0}}}, {{kC}, {{kEnd, 1.0}}}});
    EXPECT_EQ(search(scorer, options(beam_size)).words, Sentence{kA}) << "beam " << beam_size;
  }
}

TEST(Search, OfEqualSentencesTheEarlierWins) {
  FakeScorer scorer({{{}, {{kA, 0.5}, {kB, 0.5}}},
                     {{kA}, {{kC, 1.0}}},
                     {{kB}, {{kC, 1.0}}},
                     {{kA, kC}, {{kEnd, 1.0}}},
                     {{kB, kC}, {{kEnd, 1.0}}}});
  EXPECT_EQ(search(scorer, options(2)).words, (Sentence{kA, kC}));
  EXPECT_EQ(scorer.all_parents.at(2), (std::vector<int>{0, 1}));
}

TEST(Search, BannedTokensAreNeverWritten) {
  for (const int beam_size : {1, 3}) {
    FakeScorer scorer(
        {{{}, {{kPad, 0.7}, {kStart, 0.2}, {kB, 0.1}}}, {{kB}, {{kPad, 0.9}, {kEnd, 0.1}}}});
    SearchOptions with_bans = options(beam_size);
    with_bans.banned_tokens = {kPad, kStart, -1, 1000};  // ids that do not exist are harmless
    const SearchResult result = search(scorer, with_bans);
    EXPECT_EQ(result.words, Sentence{kB}) << "beam " << beam_size;
    EXPECT_FALSE(result.truncated);
  }
}

TEST(Search, BannedWordDoesNotKeepTheLastSentenceFromEnding) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kPad, 0.9}, {kEnd, 0.1}}}});
  SearchOptions with_bans = options(1, 1);
  with_bans.banned_tokens = {kPad};
  EXPECT_FALSE(search(scorer, with_bans).truncated);
}

TEST(Search, StopsAtMaxWords) {
  for (const int beam_size : {1, 4}) {
    ConstantScorer scorer({-9, -9, -kInfinity, -0.3F, -1, -2});
    const SearchResult result = search(scorer, options(beam_size, 3));
    EXPECT_EQ(result.words, (Sentence{kA, kA, kA})) << "beam " << beam_size;
    EXPECT_EQ(scorer.all_words.size(), 4U) << "one step a word, and one to see whether it ends";
  }
}

TEST(Search, SentenceCutOffAtMaxWordsIsTruncated) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kB, 0.6}, {kEnd, 0.4}}}});
  const SearchResult result = search(scorer, options(1, 1));
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_TRUE(result.truncated);
  EXPECT_EQ(result.end_log_probability, 0.0F);
}

TEST(Search, SentenceThatWouldEndAfterMaxWordsIsWhole) {
  FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kB, 0.4}, {kEnd, 0.6}}}});
  const SearchResult result = search(scorer, options(1, 1));
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_FALSE(result.truncated);
  EXPECT_FLOAT_EQ(result.end_log_probability, static_cast<float>(std::log(0.6)));
}

TEST(BeamSearch, PrefersAWholeSentenceToABetterOneThatIsCutOff) {
  // "a" ends with 0.4 * 0.5; "b c" stands at 0.6 * 0.9 and does not end.
  FakeScorer scorer({{{}, {{kB, 0.6}, {kA, 0.4}}},
                     {{kA}, {{kEnd, 0.5}}},
                     {{kB}, {{kC, 0.9}}},
                     {{kB, kC}, {{kA, 1.0}}}});
  const SearchResult result = search(scorer, options(2, 2));
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_FALSE(result.truncated);
}

TEST(Search, ShouldStopEndsAtAWordBoundary) {
  ConstantScorer scorer({-9, -9, -9, -0.1F, -3, -3});
  SearchOptions stopping = options(1);
  int asked = 0;
  stopping.should_stop = [&] { return ++asked == 3; };
  const SearchResult result = search(scorer, stopping);
  EXPECT_EQ(result.words, (Sentence{kA, kA, kA}));
  EXPECT_TRUE(result.truncated);
  EXPECT_EQ(scorer.all_words.size(), 3U) << "not asked before the first step";
}

TEST(BeamSearch, ShouldStopReturnsTheBestSoFar) {
  ConstantScorer scorer({-9, -9, -9, -0.5F, -0.4F, -3});
  SearchOptions stopping = options(3);
  stopping.should_stop = [] { return true; };
  const SearchResult result = search(scorer, stopping);
  EXPECT_EQ(result.words, Sentence{kB});
  EXPECT_TRUE(result.truncated);
}

TEST(BeamSearch, ShouldStopReturnsAWholeSentenceIfThereIsOne) {
  FakeScorer scorer({{{}, {{kB, 0.6}, {kA, 0.4}}}, {{kA}, {{kEnd, 0.5}}}, {{kB}, {{kC, 0.9}}}});
  SearchOptions stopping = options(2);
  int asked = 0;
  stopping.should_stop = [&] { return ++asked == 2; };
  const SearchResult result = search(scorer, stopping);
  EXPECT_EQ(result.words, Sentence{kA});
  EXPECT_FALSE(result.truncated);
}

TEST(Search, WordWithoutAFiniteLogProbabilityIsNeverWritten) {
  for (const float broken : {kNan, kInfinity, -kInfinity}) {
    for (const int beam_size : {1, 3}) {
      ConstantScorer scorer({broken, broken, -2, broken, -1, broken});
      const SearchResult result = search(scorer, options(beam_size, 2));
      for (const int word : result.words)
        EXPECT_EQ(word, kB) << broken << ", beam " << beam_size;
      EXPECT_EQ(scorer.all_words.at(1), Sentence{kB});
    }
  }
}

TEST(Search, SentenceThatNothingCanFollowIsTruncated) {
  for (const int beam_size : {1, 3}) {
    FakeScorer scorer({{{}, {{kA, 1.0}}}, {{kA}, {{kB, 1.0}}}, {{kA, kB}, {}}});
    const SearchResult result = search(scorer, options(beam_size));
    EXPECT_EQ(result.words, (Sentence{kA, kB})) << "beam " << beam_size;
    EXPECT_TRUE(result.truncated);
  }
}

TEST(Search, NothingButNanGivesAnEmptyTruncatedSentence) {
  ConstantScorer scorer(std::vector<float>(kVocabularySize, kNan));
  const SearchResult result = search(scorer, options(3));
  EXPECT_TRUE(result.words.empty());
  EXPECT_TRUE(result.truncated);
  EXPECT_EQ(result.confidence(), 0.0);
}

TEST(BeamSearch, OneSentenceMayDieWhileAnotherGoesOn) {
  FakeScorer scorer({{{}, {{kA, 0.9}, {kB, 0.1}}}, {{kA}, {}}, {{kB}, {{kEnd, 0.1}}}});
  const SearchResult result = search(scorer, options(2));
  EXPECT_EQ(result.words, Sentence{kB});
  EXPECT_FALSE(result.truncated);
}

TEST(Search, OneWordVocabularyWithoutEndRunsToMaxWords) {
  for (const int beam_size : {1, 16}) {
    ConstantScorer scorer({-0.5F});
    const SearchResult result = search(scorer, options(beam_size, 5));
    EXPECT_EQ(result.words, Sentence(5, 0)) << "beam " << beam_size;
    EXPECT_TRUE(result.truncated);
  }
}

TEST(Search, SentenceMayBeEmpty) {
  ConstantScorer scorer({-0.5F});
  SearchOptions only_end = options(3);
  only_end.end_token = 0;
  const SearchResult result = search(scorer, only_end);
  EXPECT_TRUE(result.words.empty());
  EXPECT_FALSE(result.truncated);
  EXPECT_NEAR(result.confidence(), std::exp(-0.5), 1e-6);
}

TEST(Search, OptionsBelowOneCountAsOne) {
  ConstantScorer scorer({-9, -9, -2, -0.3F, -1, -2});
  EXPECT_EQ(search(scorer, options(0, 0)).words, Sentence{kA});
}

TEST(Search, WhatTheScorerThrowsComesOut) {
  class ThrowingScorer : public ConstantScorer {
   public:
    using ConstantScorer::ConstantScorer;
    std::vector<float> log_probabilities_after(const Sentence&) const override {
      throw std::runtime_error("out of memory");
    }
  };
  ThrowingScorer scorer({-1});
  EXPECT_THROW(search(scorer, options(1)), std::runtime_error);
}

// A decoder of an end token and two words whose probabilities depend on the whole beginning.
class RandomScorer : public FakeScorer {
 public:
  explicit RandomScorer(unsigned seed) : FakeScorer({}, 3), seed_(seed) {}
  std::vector<float> log_probabilities_after(const Sentence& sentence) const override {
    std::seed_seq seed(sentence.begin(), sentence.end());
    std::vector<unsigned> mixed(1);
    seed.generate(mixed.begin(), mixed.end());
    std::mt19937 random(mixed[0] + seed_ + static_cast<unsigned>(sentence.size()));
    std::vector<float> row;
    for (int i = 0; i < 3; ++i)
      row.push_back(-0.1F - static_cast<float>(random() % 1000) / 500.0F);
    return row;
  }

  // The best score of all whole sentences that begin like this one, by trying each.
  double best_score(const Sentence& sentence, double sum, size_t max_words, double penalty) const {
    const auto row = log_probabilities_after(sentence);
    const bool is_last = sentence.size() == max_words;
    double best = -std::numeric_limits<double>::infinity();
    if (!is_last || (row[0] >= row[1] && row[0] >= row[2]))
      best = (sum + row[0]) / std::pow(sentence.size() + 1, penalty);
    for (int word = 1; word < 3 && !is_last; ++word) {
      Sentence longer = sentence;
      longer.push_back(word);
      best = std::max(best,
                      best_score(longer, sum + row[static_cast<size_t>(word)], max_words, penalty));
    }
    return best;
  }

 private:
  unsigned seed_;
};

double score_of(const SearchResult& result, double penalty) {
  double sum = static_cast<double>(result.end_log_probability);
  for (const float log_probability : result.word_log_probabilities)
    sum += static_cast<double>(log_probability);
  return sum / std::pow(result.words.size() + 1, penalty);
}

TEST(BeamSearch, WideBeamFindsTheBestOfAllSentences) {
  // Three words of two kinds: at most 8 sentences at a time, so a beam of 16 leaves none out.
  for (unsigned seed = 0; seed < 200; ++seed) {
    for (const float penalty : {0.0F, 0.7F, 1.0F}) {
      RandomScorer scorer(seed);
      SearchOptions exhaustive = options(16, 3, penalty);
      exhaustive.end_token = 0;
      const SearchResult result = search(scorer, exhaustive);
      ASSERT_NEAR(score_of(result, static_cast<double>(penalty)),
                  scorer.best_score({}, 0, 3, static_cast<double>(penalty)), 1e-6)
          << "seed " << seed << ", penalty " << penalty;
    }
  }
}

TEST(Search, SameDecoderGivesTheSameSentence) {
  for (const int beam_size : {1, 3}) {
    RandomScorer first(7);
    RandomScorer second(7);
    SearchOptions same = options(beam_size, 20, 0.7F);
    same.end_token = 0;
    const SearchResult a = search(first, same);
    const SearchResult b = search(second, same);
    EXPECT_EQ(a.words, b.words);
    EXPECT_EQ(a.word_log_probabilities, b.word_log_probabilities);
  }
}

TEST(SearchResult, ConfidenceIsTheGeometricMeanWithTheEnd) {
  SearchResult result;
  result.word_log_probabilities = {std::log(0.5F), std::log(0.5F)};
  result.end_log_probability = std::log(0.25F);
  EXPECT_NEAR(result.confidence(), std::cbrt(0.5 * 0.5 * 0.25), 1e-6);
}

TEST(SearchResult, ConfidenceOfATruncatedSentenceLeavesTheEndOut) {
  SearchResult result;
  result.word_log_probabilities = {std::log(0.5F), std::log(0.125F)};
  result.truncated = true;
  EXPECT_NEAR(result.confidence(), 0.25, 1e-6);
}

}  // namespace
}  // namespace jetsoncaption
