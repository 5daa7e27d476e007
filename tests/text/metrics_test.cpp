// SPDX-License-Identifier: LGPL-2.1-or-later
// Caption metrics against values that are worked out by hand in the comments.
#include "text/metrics.h"

#include <cmath>
#include <sstream>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

// BLEU divides by counts to which the COCO evaluation adds 1e-9.
constexpr double kTolerance = 1e-6;

Words words(const std::string& sentence) {
  std::istringstream stream(sentence);
  Words result;
  for (std::string word; stream >> word;)
    result.push_back(word);
  return result;
}

std::vector<Words> sentences(const std::vector<std::string>& texts) {
  std::vector<Words> result;
  for (const auto& text : texts)
    result.push_back(words(text));
  return result;
}

CaptionPair pair(const std::string& candidate, const std::vector<std::string>& references) {
  return {words(candidate), sentences(references)};
}

TEST(Bleu, IsTheGeometricMeanOfPrecisions) {
  // Shared of the candidate's 6, 5, 4, 3 n-grams:
  //   1: the, cat, on, the, mat    5/6
  //   2: the cat, on the, the mat  3/5
  //   3: on the mat                1/4
  //   4: none                      0/3
  // BLEU-2 = (5/6 * 3/5)^(1/2) = 0.5^(1/2); BLEU-3 = (0.5 * 1/4)^(1/3) = 0.125^(1/3) = 0.5;
  // BLEU-4 = (0.125 * 1e-15 / 3)^(1/4) = 0.00008, for no match counts as 1e-15. Lengths are equal.
  const auto scores = bleu({pair("the cat sat on the mat", {"the cat is on the mat"})});
  EXPECT_NEAR(scores[0], 100 * 5.0 / 6, kTolerance);
  EXPECT_NEAR(scores[1], 100 * std::sqrt(0.5), kTolerance);
  EXPECT_NEAR(scores[2], 50, kTolerance);
  EXPECT_NEAR(scores[3], 0.00803, 0.00001);
}

TEST(Bleu, OfAReferenceIsHundred) {
  for (const double score : bleu({pair("a dog runs on grass", {"a cat", "a dog runs on grass"})}))
    EXPECT_NEAR(score, 100, kTolerance);
}

TEST(Bleu, WordCountsAtMostAsOftenAsInOneReference) {
  // "the" occurs once in the first and twice in the second reference, so 2 of 4 count, not 3.
  const auto scores = bleu({pair("the the the the", {"the cat", "the cat the"})});
  EXPECT_NEAR(scores[0], 50, kTolerance);
}

TEST(Bleu, ShortCaptionPaysTheBrevityPenalty) {
  // Precision 3/3; closest reference length 4: exp(1 - 4/3) = 0.71653131.
  const auto scores =
      bleu({pair("a dog runs", {"a dog runs fast", "a dog runs over the green grass"})});
  EXPECT_NEAR(scores[0], 71.653131, kTolerance);
}

TEST(Bleu, OfTwoEquallyCloseReferencesTheShorterSetsTheLength) {
  // 3 words; references of 4 and 2. With 2 there is no penalty.
  const auto scores = bleu({pair("a dog runs", {"a dog runs fast", "a dog"})});
  EXPECT_NEAR(scores[0], 100, kTolerance);
}

TEST(Bleu, CountsAreSummedOverThePictures) {
  // 2 of 2 and 0 of 4 words: 2/6. A mean over the pictures would be 50.
  const auto scores = bleu({pair("a b", {"a b"}), pair("c d e f", {"w x y z"})});
  EXPECT_NEAR(scores[0], 100 * 2.0 / 6, kTolerance);
}

TEST(Bleu, NothingSaidIsZero) {
  for (const auto& pairs : {std::vector<CaptionPair>{}, {pair("", {"a dog"})}}) {
    for (const double score : bleu(pairs))
      EXPECT_NEAR(score, 0, kTolerance);
  }
}

TEST(RougeL, IsTheFMeasureOfTheLongestCommonSubsequence) {
  // "police the gunman" is common: 3 of 4 words each way, and F of equal values is the value.
  EXPECT_NEAR(rouge_l({pair("police kill the gunman", {"police killed the gunman"})}), 75,
              kTolerance);
}

TEST(RougeL, CommonWordsMustBeInOrder) {
  // Of "the gunman kill police" and "police killed the gunman" only "the gunman" is in order:
  // precision = recall = 2/4.
  EXPECT_NEAR(rouge_l({pair("the gunman kill police", {"police killed the gunman"})}), 50,
              kTolerance);
}

TEST(RougeL, TakesBestPrecisionAndBestRecallOfAllReferences) {
  // Candidate of 4 words. First reference: 2 common, precision 2/4, recall 2/2.
  // Second: 3 common, precision 3/4, recall 3/6. With the best of both, beta^2 = 1.44:
  // 2.44 * 0.75 * 1 / (1 + 1.44 * 0.75) = 1.83 / 2.08 = 0.87980769.
  EXPECT_NEAR(rouge_l({pair("a dog runs home", {"a dog", "a dog runs far away now"})}), 87.980769,
              kTolerance);
}

TEST(RougeL, IsTheMeanOverThePictures) {
  EXPECT_NEAR(rouge_l({pair("a b", {"a b"}), pair("c d", {"x y"})}), 50, kTolerance);
}

TEST(RougeL, NothingSaidIsZero) {
  EXPECT_EQ(rouge_l({}), 0);
  EXPECT_EQ(rouge_l({pair("", {"a dog"})}), 0);
  EXPECT_EQ(rouge_l({pair("a dog", {""})}), 0);
}

// Two pictures, "a b" and "a c". With L = log 2, n-grams weigh L - log(pictures that have them):
// "a" 0; "b", "c", "a b", "a c" and everything unknown L.
class CiderDTest : public ::testing::Test {
 protected:
  const CiderD cider_d_{{sentences({"a b"}), sentences({"a c"})}};

  double score(const std::string& candidate, const std::vector<std::string>& references) const {
    return cider_d_.score(words(candidate), sentences(references));
  }
};

TEST_F(CiderDTest, IsTenTimesTheMeanCosineOfFourOrders) {
  // Orders 1 and 2 have cosine 1, orders 3 and 4 have no n-grams: 10 * (1 + 1 + 0 + 0) / 4.
  EXPECT_NEAR(score("a b", {"a b"}), 5, kTolerance);
}

TEST_F(CiderDTest, WordOfEveryPictureIsWorthNothing) {
  EXPECT_EQ(score("a", {"a c"}), 0);
}

TEST_F(CiderDTest, OtherLengthIsPunished) {
  // Order 1: cosine of (b) and (b) = 1. Word pairs: 0 and 1, so exp(-1 / (2 * 36)) = 0.98620712.
  // 10 * 1/4 * 0.98620712 = 2.4655178.
  EXPECT_NEAR(score("b", {"a b"}), 2.4655178, kTolerance);
}

TEST_F(CiderDTest, RepeatedWordIsClipped) {
  // Order 1: min(2 L, L) * L / (2 L * L) = 1/2. Order 2: "b b" is not in the reference.
  EXPECT_NEAR(score("b b", {"a b"}), 1.25, kTolerance);
}

TEST_F(CiderDTest, IsTheMeanOverTheReferences) {
  EXPECT_NEAR(score("a b", {"a b", "a c"}), 2.5, kTolerance);
}

TEST_F(CiderDTest, WordsThatTheCorpusDoesNotHaveAreCompared) {
  // Order 1: z (2 L) with itself; order 2: "z z" with itself.
  EXPECT_NEAR(score("z z", {"z z"}), 5, kTolerance);
  EXPECT_EQ(score("y y", {"z z"}), 0);
}

TEST_F(CiderDTest, WordThatNobodyUsedMakesTheCaptionWorse) {
  // Order 1: L * L / (sqrt(2) L * L) = 0.70710678; order 2 none; lengths 1 and 0 as above.
  // 10 * 0.70710678 / 4 * 0.98620712 = 1.7433843. Twice the same unknown word is one n-gram of
  // weight 2 L: 1 / sqrt(5), lengths 2 and 0: exp(-4 / 72) = 0.94595947; 2.5 * 0.44721360 * that.
  EXPECT_NEAR(score("b y", {"b"}), 1.7433843, kTolerance);
  EXPECT_NEAR(score("b y y", {"b"}), 1.0576148, kTolerance);
}

TEST_F(CiderDTest, PreparedReferencesGiveTheSameScore) {
  const auto references = sentences({"a b c", "z b"});
  const auto prepared = cider_d_.prepare(references);
  for (const char* candidate : {"a b", "z", "y z b c", ""})
    EXPECT_EQ(cider_d_.score(words(candidate), prepared),
              cider_d_.score(words(candidate), references));
}

TEST_F(CiderDTest, NothingToCompareIsZero) {
  EXPECT_EQ(score("", {"a b"}), 0);
  EXPECT_EQ(score("a b", {""}), 0);
  EXPECT_EQ(score("a b", {}), 0);
}

TEST(CiderD, OnePictureHasNoDocumentFrequenciesAndScoresZero) {
  // log(1 / 1) = 0 is the weight of everything.
  const CiderD cider_d({sentences({"a b c d"})});
  EXPECT_EQ(cider_d.score(words("a b c d"), sentences({"a b c d"})), 0);
}

TEST(CiderD, NgramsUpToFourWordsCount) {
  // All four orders have cosine 1.
  const CiderD cider_d({sentences({"a b c d"}), sentences({"e"})});
  EXPECT_NEAR(cider_d.score(words("a b c d"), sentences({"a b c d"})), 10, kTolerance);
}

TEST(EvaluateCaptions, GathersAllMetrics) {
  // CIDEr-D as in CiderDTest: 5 for the first picture, 0 for the second ("x" is shared by nobody).
  const auto scores = evaluate_captions({pair("a b", {"a b"}), pair("x", {"a c"})});
  EXPECT_NEAR(scores.cider_d, 2.5, kTolerance);
  EXPECT_NEAR(scores.rouge_l, 50, kTolerance);
  // 2 of 3 words; lengths 3 and 4: exp(1 - 4/3).
  EXPECT_NEAR(scores.bleu[0], 71.653131 * 2 / 3, kTolerance);
}

TEST(EvaluateCaptions, CountsTheThingsThatAreNamed) {
  // The cat is untrue; of dog and ball, which two references name, the dogs are named twice.
  const auto scores = evaluate_captions(
      {pair("a dog with a dog and a cat", {"a dog and a ball", "dogs and balls"})});
  EXPECT_EQ(scores.untrue, 1);
  EXPECT_EQ(scores.named, 0.5);
  EXPECT_EQ(scores.repeated, 1);
}

TEST(EvaluateCaptions, NoPicturesScoreZero) {
  const auto scores = evaluate_captions({});
  EXPECT_EQ(scores.cider_d, 0);
  EXPECT_EQ(scores.rouge_l, 0);
  EXPECT_NEAR(scores.bleu[0], 0, kTolerance);
}

}  // namespace
}  // namespace jetsoncaption
