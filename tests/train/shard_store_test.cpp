// SPDX-License-Identifier: LGPL-2.1-or-later
// Records on disk are what was written, or a sentence says why not.
#include "train/shard_store.h"

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "fakes/temporary_directory.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

constexpr size_t kBytes = 1000;

// Seven records in three files.
ShardPlan plan_in(const TemporaryDirectory& directory) {
  return {directory.file("numbers"), "a key", kBytes, 7, 3 * (kBytes + 8) + 1};
}

std::string record(size_t number) {
  return std::string(kBytes, static_cast<char>('a' + number));
}

Result<void> write_all(ShardStore& store, size_t records = 7) {
  for (size_t i = 0; i < records; ++i) {
    auto written = store.write(i, record(i).data());
    if (!written.ok())
      return written;
  }
  return store.finish();
}

void make(const ShardPlan& plan) {
  auto store = ShardStore::create(plan);
  ASSERT_TRUE(store.ok()) << store.error().message;
  const auto written = write_all(*store.value(), plan.records);
  ASSERT_TRUE(written.ok()) << written.error().message;
}

std::string read(const ShardStore& store, size_t number) {
  std::string bytes(kBytes, '\0');
  const auto done = store.read(number, &bytes[0]);
  return done.ok() ? bytes : done.error().message;
}

TEST(ShardStore, GivesBackWhatWasWrittenInFilesOfBoundedSize) {
  const TemporaryDirectory directory;
  make(plan_in(directory));
  const auto store = ShardStore::open(plan_in(directory));
  ASSERT_NE(store, nullptr);
  for (size_t i = 0; i < 7; ++i)
    EXPECT_EQ(read(*store, i), record(i));
  for (const char* name : {"numbers-0000.shard", "numbers-0001.shard"})
    EXPECT_EQ(directory.read(name).size(), 3 * (kBytes + 8));
  EXPECT_EQ(directory.read("numbers-0002.shard").size(), kBytes + 8);
  EXPECT_EQ(directory.read("numbers-0003.shard"), "");
}

TEST(ShardStore, IsWrittenByManyThreadsInAnyOrder) {
  const TemporaryDirectory directory;
  auto store = ShardStore::create(plan_in(directory));
  ASSERT_TRUE(store.ok());
  std::vector<std::thread> threads;
  for (size_t i = 7; i-- > 0;) {
    threads.emplace_back(
        [&store, i] { EXPECT_TRUE(store.value()->write(i, record(i).data()).ok()); });
  }
  for (std::thread& thread : threads)
    thread.join();
  for (size_t i = 0; i < 7; ++i)
    EXPECT_EQ(read(*store.value(), i), record(i)) << "also before finish()";
}

TEST(ShardStore, IsFoundAgainOnlyWithTheSamePlanAndWhenItIsComplete) {
  const TemporaryDirectory directory;
  const ShardPlan plan = plan_in(directory);
  EXPECT_EQ(ShardStore::open(plan), nullptr) << "nothing there";
  {
    auto store = ShardStore::create(plan);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store.value()->write(0, record(0).data()).ok());
  }
  EXPECT_EQ(ShardStore::open(plan), nullptr) << "not finished";
  make(plan);
  EXPECT_NE(ShardStore::open(plan), nullptr);

  ShardPlan other = plan;
  other.key = "another key";
  EXPECT_EQ(ShardStore::open(other), nullptr);
  other = plan;
  other.records = 6;
  EXPECT_EQ(ShardStore::open(other), nullptr);
  other = plan;
  other.record_bytes = 500;
  EXPECT_EQ(ShardStore::open(other), nullptr);
  other = plan;
  other.shard_bytes *= 2;
  EXPECT_EQ(ShardStore::open(other), nullptr);

  ASSERT_EQ(truncate(directory.file("numbers-0001.shard").c_str(), 1500), 0);
  EXPECT_EQ(ShardStore::open(plan), nullptr) << "cut";
}

TEST(ShardStore, KnowsAlsoLaterWhatWasWritten) {
  const TemporaryDirectory directory;
  const ShardPlan plan = plan_in(directory);
  {
    auto store = ShardStore::create(plan);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store.value()->write(2, record(2).data()).ok());
    ASSERT_TRUE(store.value()->finish().ok());
  }
  {
    const auto store = ShardStore::open(plan);
    ASSERT_NE(store, nullptr) << "though records are missing, also at the end";
    for (size_t i = 0; i < 7; ++i)
      EXPECT_EQ(store->checksum(i) != 0, i == 2) << i;
    ASSERT_TRUE(store->write(6, record(6).data()).ok());
  }
  const auto store = ShardStore::open(plan);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read(*store, 6), record(6));
  EXPECT_NE(store->checksum(6), 0U);
  EXPECT_NE(store->checksum(6), store->checksum(2));
}

TEST(ShardStore, ReplacesALargerOneWithoutLeavingItsFiles) {
  const TemporaryDirectory directory;
  make(plan_in(directory));
  ShardPlan smaller = plan_in(directory);
  smaller.records = 2;
  make(smaller);
  EXPECT_EQ(access(directory.file("numbers-0001.shard").c_str(), F_OK), -1);
  EXPECT_EQ(access(directory.file("numbers-0002.shard").c_str(), F_OK), -1);
  EXPECT_NE(ShardStore::open(smaller), nullptr);
}

TEST(ShardStore, NoticesRecordsThatNeverReachedTheDisk) {
  const TemporaryDirectory directory;
  make(plan_in(directory));
  std::string bytes = directory.read("numbers-0001.shard");
  bytes.replace(0, 100, std::string(100, '\0'));
  directory.write("numbers-0001.shard", bytes);

  const auto store = ShardStore::open(plan_in(directory));
  ASSERT_NE(store, nullptr);
  EXPECT_THAT(read(*store, 3), HasSubstr("numbers-0001.shard is not what was written there"));
  EXPECT_THAT(read(*store, 3), HasSubstr("remove " + directory.file("numbers.json")));
  EXPECT_EQ(read(*store, 4), record(4));

  auto holes = ShardStore::create(plan_in(directory));
  ASSERT_TRUE(holes.ok());
  ASSERT_TRUE(holes.value()->write(5, record(5).data()).ok());
  EXPECT_THAT(read(*holes.value(), 3), HasSubstr("is not what was written"));
  EXPECT_THAT(read(*holes.value(), 6), HasSubstr("cannot be read"));
}

// /dev/full is a disk without space.
TEST(ShardStore, SaysHowMuchSpaceIsMissingOnAFullDisk) {
  const TemporaryDirectory directory;
  ASSERT_EQ(symlink("/dev/full", directory.file("numbers-0001.shard").c_str()), 0);
  auto store = ShardStore::create(plan_in(directory));
  ASSERT_TRUE(store.ok()) << store.error().message;
  const auto written = write_all(*store.value());
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::Internal);
  EXPECT_THAT(written.error().message,
              HasSubstr("numbers-0001.shard cannot be written: No space left on device; 1 MB more "
                        "are needed and "));
  EXPECT_THAT(written.error().message, HasSubstr("--work"));
}

TEST(ShardStore, SaysBeforeItBeginsThatTheDiskIsTooSmall) {
  const TemporaryDirectory directory;
  ShardPlan plan = plan_in(directory);
  plan.record_bytes = size_t{1} << 40;
  plan.records = 50000;
  plan.shard_bytes = size_t{1} << 55;
  const auto store = ShardStore::create(plan);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.error().message,
              HasSubstr("cannot be written: No space left on device; 54975581390 MB more"));
}

TEST(ShardStore, SaysThatTheFilesMayNotBecomeSoLarge) {
  const TemporaryDirectory directory;
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 1500;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto store = ShardStore::create(plan_in(directory));
  const auto written = store.ok() ? write_all(*store.value()) : Result<void>(store.error());
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().message,
              HasSubstr("numbers-0000.shard cannot be written: File too large"));
}

TEST(ShardStore, SaysThatTheFolderIsMissing) {
  const auto store = ShardStore::create({"/nonexistent/x/numbers", "a key", kBytes, 7});
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(store.error().message, HasSubstr("/nonexistent/x/numbers-0000.shard cannot be made"));
}

}  // namespace
}  // namespace jetsoncaption
