// SPDX-License-Identifier: LGPL-2.1-or-later
// When a caption or a model that is awaited for long is worth a word.
#include "plugin/session/silence_watch.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SilenceWatch::TimePoint kStart{seconds(1000)};
constexpr SilenceWatch::TimePoint kLateCaption = kStart + SilenceWatch::kLongCaption;
constexpr SilenceWatch::TimePoint kLateLoad = kStart + SilenceWatch::kLongLoad;

TEST(SilenceWatch, SaysNothingWhereNothingIsAwaited) {
  SilenceWatch watch;
  EXPECT_FALSE(watch.look(false, kLateLoad));
}

TEST(SilenceWatch, TellsOnceOfACaptionThatDoesNotCome) {
  SilenceWatch watch;
  watch.asked(kStart);
  EXPECT_FALSE(watch.look(false, kLateCaption - milliseconds(1)));
  const auto overdue = watch.look(false, kLateCaption);
  ASSERT_TRUE(overdue);
  EXPECT_EQ(overdue->waited, SilenceWatch::kLongCaption);
  EXPECT_FALSE(overdue->is_loading);
  EXPECT_FALSE(watch.look(false, kLateLoad));
}

// On a small board LibTorch with CUDA takes half a minute to load.
TEST(SilenceWatch, GivesALoadTwoMinutesSinceItWasFirstLookedAt) {
  SilenceWatch watch;
  EXPECT_FALSE(watch.look(true, kStart));
  EXPECT_FALSE(watch.look(true, kLateCaption));
  EXPECT_FALSE(watch.look(true, kLateLoad - milliseconds(1)));
  const auto overdue = watch.look(true, kLateLoad);
  ASSERT_TRUE(overdue);
  EXPECT_EQ(overdue->waited, SilenceWatch::kLongLoad);
  EXPECT_TRUE(overdue->is_loading);
}

TEST(SilenceWatch, LaterFramesDoNotPutItOff) {
  SilenceWatch watch;
  watch.asked(kStart);
  watch.asked(kLateCaption - seconds(1));
  EXPECT_TRUE(watch.look(false, kLateCaption));
}

TEST(SilenceWatch, BeginsAgainAfterAnAnswer) {
  SilenceWatch watch;
  watch.asked(kStart);
  watch.ended();
  EXPECT_FALSE(watch.look(false, kLateCaption));
  watch.asked(kLateCaption);
  EXPECT_FALSE(watch.look(false, kLateCaption + seconds(1)));
  EXPECT_TRUE(watch.look(false, kLateCaption + SilenceWatch::kLongCaption));
}

// An answer that is an error is no caption.
TEST(SilenceWatch, TellsAgainOnlyAfterACaption) {
  SilenceWatch watch;
  watch.asked(kStart);
  EXPECT_TRUE(watch.look(false, kLateCaption));
  watch.ended();
  watch.asked(kLateCaption);
  EXPECT_FALSE(watch.look(false, kLateLoad));
  watch.captioned();
  EXPECT_TRUE(watch.look(false, kLateLoad));
}

TEST(SilenceWatch, AFrameThatHadToWaitForAModelBeginsWhenItIsThere) {
  SilenceWatch watch;
  watch.begin_anew(kStart);
  EXPECT_FALSE(watch.look(false, kLateCaption)) << "nothing was awaited";
  watch.asked(kStart);
  watch.begin_anew(kStart + seconds(5));
  EXPECT_FALSE(watch.look(false, kLateCaption));
  EXPECT_TRUE(watch.look(false, kLateCaption + seconds(5)));
}

}  // namespace
}  // namespace jetsoncaption
