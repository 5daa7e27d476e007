// SPDX-License-Identifier: LGPL-2.1-or-later
// Every picture has its part, and keeps it.
#include "text/caption_split.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<CaptionedPicture> numbered(int count) {
  std::vector<CaptionedPicture> pictures;
  for (int i = 0; i < count; ++i)
    pictures.push_back({"picture" + std::to_string(i) + ".jpg", Part::Unsaid, {"A picture"}});
  return pictures;
}

CaptionSplit split_of(const std::vector<CaptionedPicture>& pictures, const SplitLists& lists = {}) {
  auto split = split_pictures(pictures, lists);
  EXPECT_TRUE(split.ok()) << split.error().message;
  return split.ok() ? split.value() : CaptionSplit();
}

TEST(CaptionSplit, KeepsATenthAsideAndAtMostAThousand) {
  const auto small = split_of(numbered(2000));
  EXPECT_NEAR(static_cast<double>(small.dev.size()), 200, 45) << "three standard deviations";
  EXPECT_EQ(small.train.size() + small.dev.size(), 2000U);
  EXPECT_EQ(split_of(numbered(30000)).dev.size(), 1000U);
  for (const int few : {2, 3, 5}) {
    const auto split = split_of(numbered(few));
    EXPECT_GE(split.dev.size(), 1U) << few;
    EXPECT_GE(split.train.size(), 1U) << few;
  }
}

TEST(CaptionSplit, LeavesAPictureInItsPartWhenOthersCome) {
  const auto before = split_of(numbered(1000));
  const auto after = split_of(numbered(3000));
  const std::set<size_t> train(after.train.begin(), after.train.end());
  for (const size_t place : before.train)
    EXPECT_EQ(train.count(place), 1U) << place;
  for (const size_t place : before.dev)
    EXPECT_EQ(train.count(place), 0U) << place;
}

TEST(CaptionSplit, IsThatOfTheFileIfItHasOne) {
  auto pictures = numbered(5);
  pictures[0].part = Part::Train;
  pictures[1].part = Part::Dev;
  pictures[2].part = Part::Test;
  pictures[3].part = Part::Train;
  const auto split = split_of(pictures);
  EXPECT_THAT(split.train, ElementsAre(0, 3));
  EXPECT_THAT(split.dev, ElementsAre(1));
}

TEST(CaptionSplit, KeepsSomeTrainingPicturesAsideWhenTheFileNamesNoOthers) {
  auto pictures = numbered(100);
  for (size_t i = 0; i < 50; ++i)
    pictures[i].part = i < 40 ? Part::Train : Part::Test;
  const auto split = split_of(pictures);
  EXPECT_EQ(split.train.size() + split.dev.size(), 40U);
  EXPECT_GE(split.dev.size(), 1U);
}

TEST(CaptionSplit, FollowsListsInTheirOrder) {
  auto pictures = numbered(6);
  pictures[5].part = Part::Test;
  const auto both = split_of(
      pictures, {{"picture3.jpg", "picture1.jpg", "lost.jpg"}, {"picture2.jpg", "picture5.jpg"}});
  EXPECT_THAT(both.train, ElementsAre(3, 1));
  EXPECT_THAT(both.dev, ElementsAre(2, 5));
  EXPECT_THAT(both.left_out.named, ElementsAre(HasSubstr("lost.jpg has no sentence")));

  const auto rest = split_of(pictures, {{}, {"picture2.jpg"}});
  EXPECT_THAT(rest.train, ElementsAre(0, 1, 3, 4)) << "and not the test picture";
  EXPECT_THAT(rest.dev, ElementsAre(2));

  const auto part = split_of(pictures, {{"picture0.jpg", "picture1.jpg"}, {}});
  EXPECT_EQ(part.train.size(), 1U);
  EXPECT_EQ(part.dev.size(), 1U);
  EXPECT_THAT(part.left_out.named, IsEmpty());
  SplitLists alone{{"picture0.jpg", "picture1.jpg"}, {}};
  alone.train_alone = true;
  const auto learnt = split_of(pictures, alone);
  EXPECT_EQ(learnt.train.size(), 2U);
  EXPECT_THAT(learnt.dev, IsEmpty());
}

TEST(CaptionSplit, SaysWhichPartWouldBeEmpty) {
  const auto nothing_to_learn = split_pictures(numbered(2), {{"lost.jpg"}, {"picture1.jpg"}});
  ASSERT_FALSE(nothing_to_learn.ok());
  EXPECT_THAT(nothing_to_learn.error().message, HasSubstr("to learn from"));
  const auto nothing_to_measure = split_pictures(numbered(1), {});
  ASSERT_FALSE(nothing_to_measure.ok());
  EXPECT_THAT(nothing_to_measure.error().message, HasSubstr("to measure on"));
}

}  // namespace
}  // namespace jetsoncaption
