// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of what the confidence of a caption is made from.
#include "captioner/confidence.h"

#include <cmath>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

class ConfidenceTest : public ::testing::Test {
 protected:
  int id(const char* word) const { return words_.find(word); }

  // "a horse near dog", in which "horse" and "dog" are things.
  SearchResult caption() const {
    SearchResult found;
    found.words = {id("a"), id("horse"), id("near"), id("dog")};
    found.word_log_probabilities = {-0.1F, -0.3F, -1.2F, -0.5F};
    found.end_log_probability = -0.4F;
    return found;
  }

  const Vocabulary words_ = Vocabulary::build({{"a", "horse", "near", "dog"}}, 1);
  TagEvidence evidence_{words_};
};

TEST_F(ConfidenceTest, LooksAtTheWordsThatNameThings) {
  evidence_.look_at({{id("horse"), 0.5F}, {id("dog"), 0.25F}});
  const ConfidenceFacts facts = gather_facts(caption(), evidence_);
  EXPECT_NEAR(facts.words, -2.5 / 5, 1e-6);
  EXPECT_NEAR(facts.weakest_thing, -0.5, 1e-6);
  EXPECT_NEAR(facts.weakest_tag, std::log(0.25), 1e-6);
  EXPECT_NEAR(facts.tags, std::log(0.5) + std::log(0.25), 1e-6);
  EXPECT_EQ(facts.things, 2);
}

TEST_F(ConfidenceTest, OfACaptionWithoutThingsHasNothingAgainstIt) {
  SearchResult found;
  found.words = {id("a"), id("near")};
  found.word_log_probabilities = {-1, -1};
  const ConfidenceFacts facts = gather_facts(found, evidence_);
  EXPECT_EQ(facts.things, 0);
  EXPECT_EQ(facts.weakest_thing, 0);
  EXPECT_EQ(facts.weakest_tag, 0);
}

TEST_F(ConfidenceTest, IsTheGeometricMeanUntilItIsCalibrated) {
  const SearchResult found = caption();
  const ConfidenceFacts facts = gather_facts(found, evidence_);
  EXPECT_DOUBLE_EQ(confidence_of(found, facts, {}), found.confidence());
}

TEST_F(ConfidenceTest, IsALogisticRegressionOnceItIs) {
  ConfidenceConfig config;
  config.calibrated = true;
  config.bias = 1;
  config.weights.words = 2;
  config.weights.things = -0.25;
  const SearchResult found = caption();
  const ConfidenceFacts facts = gather_facts(found, evidence_);
  EXPECT_NEAR(confidence_of(found, facts, config), 1 / (1 + std::exp(-(1 - 1.0 - 0.5))), 1e-6);
}

TEST_F(ConfidenceTest, OfNothingIsNone) {
  ConfidenceConfig config;
  config.calibrated = true;
  config.bias = 5;
  const SearchResult nothing;
  EXPECT_EQ(confidence_of(nothing, gather_facts(nothing, evidence_), config), 0);
}

}  // namespace
}  // namespace jetsoncaption
