// SPDX-License-Identifier: LGPL-2.1-or-later
// A test is skipped when each of its cases was, and only then. Runs itself with cases that are
// disabled otherwise.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kSkipped = 77;

TEST(DISABLED_Case, Passes) {}

TEST(DISABLED_Case, Fails) {
  FAIL() << "as it should";
}

TEST(DISABLED_Case, IsSkipped) {
  GTEST_SKIP() << "as it should";
}

TEST(DISABLED_Case, IsSkippedToo) {
  GTEST_SKIP() << "as it should";
}

// Exit status of this program when it runs the cases that the filter names.
int status_of(const std::string& filter) {
  char program[4096] = {};
  if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
    return -1;
  const std::string command = std::string("'") + program +
                              "' --gtest_also_run_disabled_tests --gtest_filter='" + filter +
                              "' > /dev/null";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(TestMain, SkipsATestWhenEachCaseWasSkipped) {
  EXPECT_EQ(status_of("DISABLED_Case.IsSkipped"), kSkipped);
  EXPECT_EQ(status_of("DISABLED_Case.IsSkipped*"), kSkipped);
}

TEST(TestMain, PassesATestWhenACasePassed) {
  EXPECT_EQ(status_of("DISABLED_Case.Passes"), kPassed);
  EXPECT_EQ(status_of("DISABLED_Case.IsSkipped*:DISABLED_Case.Passes"), kPassed);
}

TEST(TestMain, FailsATestWhenACaseFailed) {
  EXPECT_EQ(status_of("DISABLED_Case.IsSkipped*:DISABLED_Case.Fails"), kFailed);
  EXPECT_EQ(status_of("DISABLED_Case.*"), kFailed);
}

TEST(TestMain, PassesATestWithoutCases) {
  EXPECT_EQ(status_of("None.*"), kPassed);
}

}  // namespace
