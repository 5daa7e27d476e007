// SPDX-License-Identifier: LGPL-2.1-or-later
// Another program's output, and every way in which it may end.
#include "tools/child_process.h"

#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

constexpr std::chrono::seconds kPatience{60};

ChildResult run_shell(const std::string& script, std::chrono::seconds timeout = kPatience) {
  const auto ran = run_child({"/bin/sh", "-c", script}, timeout);
  EXPECT_TRUE(ran.ok()) << ran.error().message;
  return ran.ok() ? ran.value() : ChildResult{};
}

TEST(ChildProcess, GivesOutputAndExitCode) {
  const ChildResult result = run_shell("echo one; echo two; exit 3");
  EXPECT_EQ(result.output, "one\ntwo\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.timed_out);
}

TEST(ChildProcess, GivesMoreOutputThanAPipeHolds) {
  EXPECT_EQ(run_shell("head -c 1000000 /dev/zero").output.size(), 1000000U);
}

TEST(ChildProcess, GivesWhatWasPrintedBeforeASignal) {
  const ChildResult result = run_shell("echo before; kill -ILL $$");
  EXPECT_EQ(result.output, "before\n");
  EXPECT_EQ(result.signal, SIGILL);
  EXPECT_EQ(result.exit_code, -1);
}

TEST(ChildProcess, IsEndedWhenItTakesTooLongWithItsOutputClosed) {
  const ChildResult result = run_shell("exec >&-; exec sleep 30", std::chrono::seconds(1));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(ChildProcess, IsEndedWhenItTakesTooLong) {
  const ChildResult result = run_shell("echo before; exec sleep 600", std::chrono::seconds(1));
  EXPECT_EQ(result.output, "before\n");
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(ChildProcess, ThatDoesNotExistIsNotFound) {
  // posix_spawn() needs vfork() to tell that it failed, and qemu has only fork().
  if (std::getenv("QEMU_CPU") != nullptr)
    GTEST_SKIP() << "the emulator starts every program";
  const auto ran = run_child({"/nowhere/program"}, kPatience);
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(ran.error().message, testing::HasSubstr("/nowhere/program cannot be started"));
}

}  // namespace
}  // namespace jetsoncaption
