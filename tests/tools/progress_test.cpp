// SPDX-License-Identifier: LGPL-2.1-or-later
// What the progress line says.
#include "tools/progress.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(FormatDuration, NamesTheTwoLargestUnits) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(59.6), "1 min 00 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(2 * 3600 + 7 * 60 + 59), "2 h 07 min");
}

TEST(FormatDuration, IsNeverNegative) {
  EXPECT_EQ(format_duration(-3), "0 s");
}

TEST(FormatProgress, EstimatesTheTimeLeftFromWhatIsDone) {
  EXPECT_EQ(format_progress("timing", 25, 100, 10), "timing: 25 of 100 (25 %), 30 s left");
}

TEST(FormatProgress, SaysNothingAboutTimeBeforeTheFirstIsDone) {
  EXPECT_EQ(format_progress("timing", 0, 100, 10), "timing: 0 of 100 (0 %)");
}

TEST(FormatProgress, SaysNothingAboutTimeWhenAllIsDone) {
  EXPECT_EQ(format_progress("timing", 100, 100, 10), "timing: 100 of 100 (100 %)");
}

TEST(FormatProgress, LeavesOutThePercentageOfNothing) {
  EXPECT_EQ(format_progress("timing", 0, 0, 1), "timing: 0 of 0");
}

TEST(Progress, WritesNothingWhenStandardErrorIsNotATerminal) {
  testing::internal::CaptureStderr();
  {
    Progress progress;
    progress.report("timing", 1, 2);
    progress.clear();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace jetsoncaption
