// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of the fitted confidence, on captions whose truth is drawn from a known law.
#include "train/confidence_fit.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

double probability(const ConfidenceFacts& facts, const ConfidenceConfig& config) {
  double sum = config.bias;
  for (const ConfidenceTerm& term : kConfidenceTerms)
    sum += config.weights.*term.fact * (facts.*term.fact);
  return 1 / (1 + std::exp(-sum));
}

struct Captions {
  std::vector<ConfidenceFacts> facts;
  std::vector<bool> is_true;
};

Captions draw(const ConfidenceConfig& law, int count) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> log_probability(-2, 0);
  std::uniform_int_distribution<int> things(0, 4);
  std::uniform_real_distribution<double> uniform(0, 1);
  Captions captions;
  for (int i = 0; i < count; ++i) {
    ConfidenceFacts facts;
    facts.words = log_probability(random);
    facts.weakest_thing = log_probability(random);
    facts.weakest_tag = log_probability(random);
    facts.tags = facts.weakest_tag * 2;
    facts.things = things(random);
    captions.facts.push_back(facts);
    captions.is_true.push_back(uniform(random) < probability(facts, law));
  }
  return captions;
}

TEST(ConfidenceFit, FindsTheLawThatTheCaptionsFollow) {
  const ConfidenceConfig law{true, 2, {0.5, 1, 1.5, 0, -0.5}};
  const Captions captions = draw(law, 4000);
  const ConfidenceConfig fitted = fit_confidence(captions.facts, captions.is_true);
  EXPECT_TRUE(fitted.calibrated);
  double distance = 0;
  for (const ConfidenceFacts& facts : captions.facts)
    distance += std::abs(probability(facts, fitted) - probability(facts, law));
  EXPECT_LT(distance / 4000, 0.02);
}

TEST(ConfidenceFit, CountsCaptionsAsOftenAsItIsTold) {
  // One that is true among twins that are not: counted three times it is as likely as not.
  std::vector<ConfidenceFacts> facts(40);
  std::vector<bool> is_true(40, false);
  std::vector<double> counts(40, 1);
  for (size_t i = 0; i < 10; ++i) {
    is_true[i] = true;
    counts[i] = 3;
  }
  EXPECT_NEAR(probability({}, fit_confidence(facts, is_true)), 0.25, 0.01);
  EXPECT_NEAR(probability({}, fit_confidence(facts, is_true, counts)), 0.5, 0.01);
}

TEST(ConfidenceFit, TakesNoBetterFactForAWorseSign) {
  const ConfidenceConfig law{true, 0, {-2, 1, 1, 0, 0}};  // likelier words make it less true
  const Captions captions = draw(law, 2000);
  EXPECT_NEAR(fit_confidence(captions.facts, captions.is_true).weights.words, 0, 1e-9);
}

TEST(ConfidenceFit, DoesWithFactsThatNeverChange) {
  Captions captions = draw({true, 1, {0, 1, 0, 0, 0}}, 500);
  for (ConfidenceFacts& facts : captions.facts)
    facts.tags = facts.weakest_tag = 0;  // a model without tags
  const ConfidenceConfig fitted = fit_confidence(captions.facts, captions.is_true);
  EXPECT_TRUE(std::isfinite(fitted.bias));
  EXPECT_NEAR(fitted.weights.weakest_thing, 1, 0.5);
}

}  // namespace
}  // namespace jetsoncaption
