// SPDX-License-Identifier: LGPL-2.1-or-later
// A run finds out about its folders before it has cost hours, and never destroys another.
#include "train/run_folder.h"

#include <string>

#include "fakes/temporary_directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string refusal(const Result<void>& result) {
  return result.ok() ? "" : result.error().message;
}

TEST(TryFolder, MakesItAndLeavesNothingInIt) {
  const TemporaryDirectory directory;
  EXPECT_EQ(refusal(try_folder(directory.file("new"), "--output")), "");
  EXPECT_EQ(refusal(try_folder(directory.file("new"), "--output")), "") << "again";
  EXPECT_EQ(rmdir(directory.file("new").c_str()), 0) << "it must be empty";
}

TEST(TryFolder, NamesTheOptionThatCannotBeWritten) {
  const TemporaryDirectory directory;
  EXPECT_THAT(refusal(try_folder(directory.file("a/b"), "--output")),
              AllOf(HasSubstr("--output " + directory.file("a/b") + " cannot be written"),
                    HasSubstr("make the folder")));
  EXPECT_THAT(refusal(try_folder(directory.write("file", "x"), "--work")),
              HasSubstr("cannot be written: Not a directory"));
  EXPECT_THAT(refusal(try_folder("/proc", "--work")),
              AllOf(HasSubstr("--work /proc cannot be written"), HasSubstr("choose a folder")));
}

TEST(BeginRun, TakesAFolderWithoutCheckpoints) {
  const TemporaryDirectory work;
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "16"}}, false)), "");
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "32"}}, false)), "");
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "64"}}, true)), "")
      << "nothing was trained with 32";
}

TEST(BeginRun, NeverBeginsAnewWhereThereAreCheckpoints) {
  const TemporaryDirectory work;
  ASSERT_TRUE(begin_run(work.path(), {}, false).ok());
  work.write("checkpoint-joint.json", "{}");
  EXPECT_THAT(refusal(begin_run(work.path(), {}, false)),
              AllOf(HasSubstr(work.path() + " has checkpoints of an earlier run"),
                    HasSubstr("checkpoint-joint.json"), HasSubstr("--resume")));
  EXPECT_EQ(work.read("checkpoint-joint.json"), "{}");
}

TEST(BeginRun, GoesOnOnlyWithTheSameRecordAndNamesWhatDiffers) {
  const TemporaryDirectory work;
  const RunRecord record = {{"--batch", "16"}, {"--seed", "1"}, {"the vocabulary", "7 words"}};
  ASSERT_TRUE(begin_run(work.path(), record, false).ok());
  work.write("checkpoint-decoder.json", "{}");
  EXPECT_EQ(refusal(begin_run(work.path(), record, true)), "");

  RunRecord other = record;
  other["--batch"] = "32";
  other["the vocabulary"] = "8 words";
  EXPECT_THAT(refusal(begin_run(work.path(), other, true)),
              AllOf(HasSubstr("--batch was 16 and is 32"),
                    HasSubstr("the vocabulary was 7 words and is 8 words"),
                    Not(HasSubstr("--seed")), HasSubstr("another --work")));
  EXPECT_EQ(refusal(begin_run(work.path(), record, true)), "")
      << "the record stays that of the run";
}

TEST(BeginRun, GoesOnWithRunsOfVersionsThatRecordedLess) {
  const TemporaryDirectory work;
  work.write("checkpoint-decoder.json", "{}");
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "16"}}, true)), "") << "no record";
  work.write("run.json", "damaged");
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "16"}}, true)), "");
  EXPECT_EQ(refusal(begin_run(work.path(), {{"--batch", "16"}, {"--new", "1"}}, true)), "");
}

// A run that goes on without a stage says nothing of it, and the next one may have it again.
TEST(BeginRun, KeepsWhatOnlyTheRunBeforeRecorded) {
  const TemporaryDirectory work;
  ASSERT_TRUE(begin_run(work.path(), {{"--batch", "16"}, {"--joint-rate", "0.1"}}, false).ok());
  work.write("checkpoint-joint.json", "{}");
  ASSERT_TRUE(begin_run(work.path(), {{"--batch", "16"}}, true).ok());
  EXPECT_THAT(refusal(begin_run(work.path(), {{"--batch", "16"}, {"--joint-rate", "0.2"}}, true)),
              HasSubstr("--joint-rate was 0.1 and is 0.2"));
}

TEST(RunLock, IsRefusedWhileAnotherRunHasTheFolder) {
  const TemporaryDirectory work;
  work.write("checkpoint-joint.json.part-7-1", "what a run that was killed left");
  {
    const auto first = RunLock::take(work.path());
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_NE(access(work.file("checkpoint-joint.json.part-7-1").c_str(), F_OK), 0);
    const auto second = RunLock::take(work.path());
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message, HasSubstr("another run is at work in --work"));
  }
  EXPECT_TRUE(RunLock::take(work.path()).ok());
}

TEST(RunLock, LeavesFilesOfOthersAlone) {
  const TemporaryDirectory work;
  for (const char* name : {"coco.zip.part-001", "photos.tar.part-aa", "notes.txt.part-two"}) {
    work.write(name, "of somebody else");
    ASSERT_TRUE(RunLock::take(work.path()).ok());
    EXPECT_EQ(access(work.file(name).c_str(), F_OK), 0) << name;
  }
}

TEST(BeginRun, SaysThatTheRecordCannotBeWritten) {
  EXPECT_THAT(refusal(begin_run("/nonexistent", {}, false)), HasSubstr("/nonexistent/run.json"));
}

}  // namespace
}  // namespace jetsoncaption
