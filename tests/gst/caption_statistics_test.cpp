// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts are counts, and percentiles are those of the newest captions.
#include "plugin/session/caption_statistics.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(CaptionStatistics, BeginWithNothing) {
  const CaptionCounts counts = CaptionStatistics().counts();
  EXPECT_EQ(counts.frames, 0u);
  EXPECT_EQ(counts.inference_ms_p50, 0);
  EXPECT_EQ(counts.inference_ms_p99, 0);
}

TEST(CaptionStatistics, CountEachKindOnItsOwn) {
  CaptionStatistics statistics;
  for (int i = 0; i < 5; i++)
    statistics.frame_passed();
  for (int i = 0; i < 4; i++)
    statistics.frame_skipped();
  for (int i = 0; i < 3; i++)
    statistics.failed();
  for (int i = 0; i < 2; i++)
    statistics.frame_late();
  statistics.captioned(7);

  const CaptionCounts counts = statistics.counts();
  EXPECT_EQ(counts.frames, 5u);
  EXPECT_EQ(counts.skipped, 4u);
  EXPECT_EQ(counts.failures, 3u);
  EXPECT_EQ(counts.late, 2u);
  EXPECT_EQ(counts.captions, 1u);
}

TEST(CaptionStatistics, GiveTheOnlyTimeAsEveryPercentile) {
  CaptionStatistics statistics;
  statistics.captioned(7);
  const CaptionCounts counts = statistics.counts();
  EXPECT_EQ(counts.inference_ms_p50, 7);
  EXPECT_EQ(counts.inference_ms_p95, 7);
  EXPECT_EQ(counts.inference_ms_p99, 7);
}

TEST(CaptionStatistics, GivePercentilesByNearestRank) {
  CaptionStatistics statistics;
  for (int i = 100; i >= 1; i--)
    statistics.captioned(i);
  const CaptionCounts counts = statistics.counts();
  EXPECT_EQ(counts.inference_ms_p50, 50);
  EXPECT_EQ(counts.inference_ms_p95, 95);
  EXPECT_EQ(counts.inference_ms_p99, 99);
}

TEST(CaptionStatistics, ForgetTimesThatAreOlderThanTheWindow) {
  CaptionStatistics statistics;
  for (int i = 0; i < 1000; i++)
    statistics.captioned(500);
  for (size_t i = 0; i < CaptionStatistics::kWindow; i++)
    statistics.captioned(2);
  const CaptionCounts counts = statistics.counts();
  EXPECT_EQ(counts.inference_ms_p99, 2);
  EXPECT_EQ(counts.captions, 1000 + CaptionStatistics::kWindow);
}

}  // namespace
}  // namespace jetsoncaption
