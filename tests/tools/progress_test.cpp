// SPDX-License-Identifier: LGPL-2.1-or-later
// What the progress line says.
#include "tools/progress.h"

#include <algorithm>
#include <string>

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

// Reports each second of an hour with another word each time.
std::string written(Progress::Log log, bool is_terminal, int seconds, int total) {
  Progress::Clock::time_point now;
  testing::internal::CaptureStderr();
  {
    Progress progress(log, is_terminal, [&now] { return now; });
    for (int done = 1; done <= seconds; ++done) {
      now += std::chrono::seconds(1);
      progress.report("learning, loss " + std::to_string(done), done, total);
    }
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, IsShownThoughWhatIsDoneIsNamedAnew) {
  const std::string line = written(Progress::Log::Nothing, true, 4, 10);
  EXPECT_NE(line.find("learning, loss 4: 4 of 10 (40 %), "), std::string::npos) << line;
}

TEST(Progress, WritesALineEveryFewMinutesIntoALog) {
  EXPECT_EQ(written(Progress::Log::LineEveryFewMinutes, false, 59, 1000), "");
  const std::string lines = written(Progress::Log::LineEveryFewMinutes, false, 900, 1000);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
  EXPECT_NE(lines.find("learning, loss 360: 360 of 1000 (36 %), "), std::string::npos) << lines;
  EXPECT_EQ(lines.find('\r'), std::string::npos);
}

TEST(Progress, WritesIntoALogAlsoWhereEachPartIsShort) {
  Progress::Clock::time_point now;
  testing::internal::CaptureStderr();
  {
    Progress progress(Progress::Log::LineEveryFewMinutes, false, [&now] { return now; });
    for (int second = 0; second < 900; ++second) {
      now += std::chrono::seconds(1);
      progress.report("calibrating", second % 50, 50);
    }
  }
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
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
