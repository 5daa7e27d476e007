// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of captions that say less.
#include "captioner/hedge.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

Caption doubtful() {
  Caption caption;
  caption.text = "a dog on a stove";
  caption.confidence = 0.3;
  caption.words = {{"a", 0.5, {}}};
  caption.tags = {{"kitchen", 0.95}, {"microwave", 0.8}, {"dog", 0.4}};
  return caption;
}

void expect_hedged(const Caption& caption, const char* text, double confidence) {
  EXPECT_EQ(caption.text, text);
  EXPECT_EQ(caption.confidence, confidence);
  EXPECT_TRUE(caption.words.empty());
  EXPECT_TRUE(caption.hedged);
}

TEST(Hedge, NamesTheLikelyTagsOfADoubtfulCaption) {
  Caption caption = doubtful();
  hedge(caption, 0.4);
  expect_hedged(caption, "perhaps: kitchen, microwave", 0.8);
}

TEST(Hedge, LeavesACaptionThatIsSureEnough) {
  Caption caption = doubtful();
  hedge(caption, 0.3);
  EXPECT_EQ(caption.text, "a dog on a stove");
  EXPECT_FALSE(caption.hedged);
}

TEST(Hedge, LeavesACaptionWithoutLikelyTags) {
  Caption caption = doubtful();
  caption.tags = {{"dog", 0.6}};
  hedge(caption, 1);
  EXPECT_EQ(caption.text, "a dog on a stove");
  caption.tags.clear();
  hedge(caption, 1);
  EXPECT_EQ(caption.text, "a dog on a stove");
}

TEST(Hedge, NamesThreeThingsAtMost) {
  Caption caption = doubtful();
  caption.tags = {{"a", 0.9}, {"b", 0.9}, {"c", 0.9}, {"d", 0.9}};
  hedge(caption, 1);
  EXPECT_EQ(caption.text, "perhaps: a, b, c");
}

TEST(Hedge, SaysNothingOfAPictureWithNothingOnIt) {
  Caption caption = doubtful();
  say_nothing(caption, 0.25);
  expect_hedged(caption, "perhaps: nothing", 0);
  EXPECT_TRUE(caption.tags.empty());
}

TEST(Hedge, LeavesTheSentenceOfAPictureWithNothingOnItWhereNoneIsToGiveWay) {
  Caption caption = doubtful();
  say_nothing(caption, 0);
  EXPECT_EQ(caption.text, "a dog on a stove");
  EXPECT_EQ(caption.confidence, 0);
  EXPECT_FALSE(caption.hedged);
}

}  // namespace
}  // namespace jetsoncaption
