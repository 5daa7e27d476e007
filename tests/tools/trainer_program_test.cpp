// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption` starts the program that trains, or says where to get it.
#include <chrono>
#include <fstream>
#include <string>

#include "fakes/temporary_directory.h"
#include "tools/child_process.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

// Standard error goes the same way as standard output.
ChildResult run(const std::string& command) {
  auto result = run_child({"/bin/sh", "-c", command + " 2>&1"}, std::chrono::seconds(60));
  EXPECT_TRUE(result.ok());
  return result.ok() ? result.value() : ChildResult{};
}

const std::string kProgram = JETSONCAPTION_PROGRAM;

TEST(TrainerProgram, IsStartedForItsCommands) {
  for (const std::string command : {"train", "prune", "quantize", "average", "calibrate"}) {
    const ChildResult result = run(kProgram + " " + command + " --help");

    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr("jetsoncaption " + command));
    EXPECT_THAT(result.output, HasSubstr("DIR"));
  }
}

TEST(Program, SelfTestRefusesAFolderWithoutAModel) {
  const TemporaryDirectory empty;
  for (const std::string& model : {std::string("/nonexistent"), empty.path()}) {
    const ChildResult result = run(kProgram + " self-test --model " + model);

    EXPECT_EQ(result.exit_code, 2) << model;
    EXPECT_THAT(result.output, HasSubstr(model + "/config.json"));
  }
}

TEST(Program, NamesTheWordThatIsNoCommandOrOption) {
  EXPECT_THAT(run(kProgram + " describ dog.jpg").output, HasSubstr("'describ' is no command"));
  EXPECT_THAT(run(kProgram + " describe -dash.jpg").output, HasSubstr("./-dash.jpg"));
  EXPECT_THAT(run(kProgram + " evaluate photos").output, HasSubstr("'photos' is not expected"));
  EXPECT_THAT(run(kProgram + " evaluate photos").output, HasSubstr("--images is required"));
  EXPECT_EQ(run(kProgram + " describ").exit_code, 2);
}

TEST(TrainerProgram, AnswersForItself) {
  const ChildResult result = run(kProgram + " train");

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("--images is required"));
}

TEST(TrainerProgram, IsListedWithTheOthers) {
  const ChildResult result = run(kProgram + " --help");

  EXPECT_EQ(result.exit_code, 0);
  for (const char* command : {"describe", "train", "quantize", "doctor"})
    EXPECT_THAT(result.output, HasSubstr(command));
}

TEST(TrainerProgram, IsAskedForWhereItIsMissing) {
  const TemporaryDirectory directory;
  const std::string alone = directory.file("jetsoncaption");
  std::ofstream(alone, std::ios::binary) << std::ifstream(kProgram, std::ios::binary).rdbuf();
  ASSERT_EQ(chmod(alone.c_str(), 0755), 0);

  const ChildResult result = run(alone + " train --images x");

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("train needs the program jetsoncaption-train"));
  EXPECT_THAT(result.output, HasSubstr("scripts/setup.sh --all"));
}

}  // namespace
}  // namespace jetsoncaption
