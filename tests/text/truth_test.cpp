// SPDX-License-Identifier: LGPL-2.1-or-later
// Untrue, named and repeated against shares that are worked out by hand in the comments.
#include "text/truth.h"

#include <sstream>

#include <gtest/gtest.h>

#include "text/things.h"
#include "text/tokenizer.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

Things things() {
  std::istringstream stream(
      "person, man, woman, baker | bakers\n"
      "food\n"
      "pizza | pizzas < food\n"
      "cake < food\n"
      "table\n"
      "dog | dogs\n"
      "baker | bakers > cake\n"
      "walker > dog\n"
      "~ shirt | shirts\n");
  return std::move(Things::read(stream, "list.txt").value());
}

CaptionPair pair(const std::string& candidate, const std::vector<std::string>& references) {
  CaptionPair result;
  result.candidate = tokenize(candidate);
  for (const auto& reference : references)
    result.references.push_back(tokenize(reference));
  return result;
}

TEST(Untrue, IsTheShareOfCaptionsWithAThingThatNoReferenceNames) {
  const auto scores = truth_scores(
      {
          pair("a dog and a cake", {"a dog", "a table"}),  // the cake is not there
          pair("a dog and a dog", {"a dog"}),              // true
          pair("two pizzas on a dog", {"nothing"}),        // two untrue things, one caption
          pair("it is dark", {"a dog"}),                   // names nothing
      },
      things());
  EXPECT_DOUBLE_EQ(scores.untrue, 0.5);
}

TEST(Untrue, NounsOfAGroupMayBeSaidForEachOther) {
  EXPECT_EQ(truth_scores({pair("a woman", {"a man"})}, things()).untrue, 0);
}

TEST(Untrue, BroaderThingIsTrueAndNarrowerIsNot) {
  EXPECT_EQ(truth_scores({pair("food", {"a pizza"})}, things()).untrue, 0);
  EXPECT_EQ(truth_scores({pair("a pizza", {"food"})}, things()).untrue, 1);
  EXPECT_EQ(truth_scores({pair("a cake", {"a pizza"})}, things()).untrue, 1);
}

TEST(Untrue, ImpliedThingCountsForBothSides) {
  EXPECT_EQ(truth_scores({pair("a cake", {"a baker"})}, things()).untrue, 0);
  EXPECT_EQ(truth_scores({pair("a baker", {"a man with a cake"})}, things()).untrue, 0);
  EXPECT_EQ(truth_scores({pair("a baker", {"a man"})}, things()).untrue, 1);
}

TEST(Named, IsTheShareOfThingsInTwoReferencesOverAllPictures) {
  const auto scores = truth_scores(
      {
          // In two or more: person, dog. The table is in one. Named: dog.
          pair("a dog", {"a man with a dog", "a woman and dogs", "a person at a table"}),
          // In two: table. Named: table. The dog twice in one sentence is one reference.
          pair("a table", {"a table, a dog and a dog", "a table"}),
          // One reference: nothing counts.
          pair("a cake", {"a dog"}),
      },
      things());
  EXPECT_DOUBLE_EQ(scores.named, 2.0 / 3);
}

TEST(Named, BroaderThingIsNamedWithTheNarrower) {
  EXPECT_EQ(truth_scores({pair("a pizza", {"food", "food"})}, things()).named, 1);
  EXPECT_EQ(truth_scores({pair("food", {"a pizza", "a pizza"})}, things()).named, 0);
  // References that name different foods do not make food plain: nobody called it so.
  EXPECT_EQ(truth_scores({pair("food", {"a pizza", "a cake"})}, things()).named, 0);
}

TEST(Repeated, IsTheShareOfCaptionsWithANounTwice) {
  const auto scores = truth_scores(
      {
          pair("a table and a table", {"a table"}),
          pair("a pizza beside pizzas", {"a pizza"}),  // in any form
          pair("a man and a woman", {"a man"}),        // one group, two nouns
          pair("a dog", {"a dog"}),
      },
      things());
  EXPECT_DOUBLE_EQ(scores.repeated, 0.5);
}

TEST(Repeated, ImpliedThingIsNotSaidTwice) {
  const auto scores = [](const char* candidate) {
    return truth_scores({pair(candidate, {"a cake"})}, things());
  };
  EXPECT_EQ(scores("a baker with a cake").repeated, 0);
  EXPECT_EQ(scores("a walker and a walker").repeated, 0);
  EXPECT_EQ(scores("a baker and a baker").repeated, 1);
}

TEST(Truth, ThingsThatAreNotMeasuredCountOnlyAsRepeated) {
  const auto scores = truth_scores(
      {pair("a man in a shirt", {"a man"}), pair("a shirt and a shirt", {"a shirt", "a shirt"})},
      things());
  EXPECT_EQ(scores.untrue, 0);
  EXPECT_EQ(scores.named, 0);
  EXPECT_EQ(scores.repeated, 0.5);
}

TEST(Truth, NoPicturesScoreZero) {
  const auto scores = truth_scores({}, things());
  EXPECT_EQ(scores.untrue, 0);
  EXPECT_EQ(scores.named, 0);
  EXPECT_EQ(scores.repeated, 0);
}

TEST(Truth, CountsOfOneCandidateAreForRewards) {
  const Things list = things();
  const ThingsSeen seen(list, {tokenize("a man eats pizza"), tokenize("a woman and pizza")});
  EXPECT_THAT(seen.plain(), testing::SizeIs(2));
  const auto counts = count_things(list, tokenize("a dog, a table, a pizza and a pizza"), seen);
  EXPECT_EQ(counts.untrue, 2);
  EXPECT_EQ(counts.named, 1);
  EXPECT_TRUE(counts.repeated);
}

}  // namespace
}  // namespace jetsoncaption
