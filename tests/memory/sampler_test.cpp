// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of reading memory use, on files as the kernel would write them.
#include "memory/sampler.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace {
std::atomic<int> allocations{0};
}  // namespace

// Counts what the sampler allocates, which must be nothing. Not inlined, because GCC 11 and 12 take
// an inlined pair of malloc() and free() for a mismatch of new and free().
__attribute__((noinline)) void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* memory) noexcept {
  std::free(memory);
}
__attribute__((noinline)) void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace jetsoncaption {
namespace {

constexpr uint64_t kMega = 1024 * 1024;

// A directory with a proc and a cgroup tree, removed at the end.
class MemorySamplerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jetsoncaption-memory-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    roots_ = {root_ + "/proc", root_ + "/cgroup"};
    write("/proc/self/statm", "50000 2560 800 1 0 9000 0\n");
    write("/proc/meminfo", "MemTotal:  4059024 kB\nMemFree:  10 kB\nMemAvailable:  1048576 kB\n");
  }

  void TearDown() override {
    for (const auto& file : files_)
      unlink(file.c_str());
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory)
      rmdir(directory->c_str());
    rmdir(root_.c_str());
  }

  // Writes into the same file again if it is there, as the kernel changes its files.
  void write(const std::string& path, const std::string& text) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string directory = root_ + path.substr(0, slash);
      mkdir(directory.c_str(), 0700);
      directories_.insert(directory);
    }
    std::ofstream(root_ + path) << text;
    files_.insert(root_ + path);
  }

  void remove(const std::string& path) { unlink((root_ + path).c_str()); }

  uint64_t available_bytes() const { return MemorySampler(roots_).sample().available_bytes; }

  MemoryRoots roots_;

 private:
  std::string root_;
  std::set<std::string> files_;
  std::set<std::string> directories_;  // a directory sorts before what is in it
};

TEST_F(MemorySamplerTest, UseIsResidentPagesTimesPageSize) {
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().used_bytes, 2560U * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST_F(MemorySamplerTest, WhatIsNeitherSharedNorOfFilesIsPrivate) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().process_bytes, 2560U * page);
  EXPECT_EQ(sampler.sample().private_bytes, (2560U - 800U) * page);
  write("/proc/self/statm", "50000 100 800 1 0 9000 0\n");
  EXPECT_EQ(sampler.sample().private_bytes, 0U) << "more shared pages than there are";
}

TEST_F(MemorySamplerTest, TheWorkerCountsUntilItEnds) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  write("/proc/4711/statm", "9000 500 90 1 0 9000 0\n");
  MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().worker_bytes, 0U);
  sampler.watch_worker(4711);
  EXPECT_EQ(sampler.sample().worker_bytes, 500U * page);
  EXPECT_EQ(sampler.sample().used_bytes, (2560U + 500U) * page);
  write("/proc/4711/statm", "");
  EXPECT_EQ(sampler.sample().worker_bytes, 0U) << "the file is empty when the process has ended";
  write("/proc/4711/statm", "9000 500 90 1 0 9000 0\n");
  sampler.watch_worker(0);
  EXPECT_EQ(sampler.sample().used_bytes, 2560U * page);
  sampler.watch_worker(4712);
  EXPECT_EQ(sampler.sample().worker_bytes, 0U) << "there is no such process";
}

TEST_F(MemorySamplerTest, StallsAreThoseOfAllTasksTogether) {
  EXPECT_EQ(MemorySampler(roots_).sample().stalled_percent, 0) << "the kernel does not say";
  write("/proc/pressure/memory",
        "some avg10=42.17 avg60=1.00 avg300=0.10 total=99\n"
        "full avg10=12.05 avg60=0.50 avg300=0.05 total=55\n");
  EXPECT_NEAR(MemorySampler(roots_).sample().stalled_percent, 12.05, 1e-9);
  for (const char* text :
       {"", "full avg10=", "full avg10=12", "full avg10=.5", "some avg10=4.00\n"}) {
    write("/proc/pressure/memory", text);
    EXPECT_EQ(MemorySampler(roots_).sample().stalled_percent, 0) << text;
  }
  write("/proc/pressure/memory", "full avg10=99999999999999999999999.999 avg60=1\n");
  EXPECT_LE(MemorySampler(roots_).sample().stalled_percent, 101);
}

TEST_F(MemorySamplerTest, StallsInItsOwnCgroupCountBeforeThoseOfTheSystem) {
  write("/proc/pressure/memory", "full avg10=1.00 avg60=0.50 avg300=0.05 total=55\n");
  write("/proc/self/cgroup", "0::/camera\n");
  write("/cgroup/camera/memory.pressure", "full avg10=33.00 avg60=0.50 avg300=0.05 total=55\n");
  EXPECT_NEAR(MemorySampler(roots_).sample().stalled_percent, 33, 1e-9);
}

TEST_F(MemorySamplerTest, WithoutCgroupTheSystemSaysWhatIsAvailable) {
  EXPECT_EQ(available_bytes(), 1024 * kMega);
}

// Boards with much memory in drivers get there before the kernel ends programs.
TEST_F(MemorySamplerTest, NothingAvailableIsNotUnknown) {
  const MemorySampler sampler(roots_);
  write("/proc/meminfo", "MemAvailable:  0 kB\n");
  const MemoryReading reading = sampler.sample();
  EXPECT_TRUE(reading.is_available_known);
  EXPECT_EQ(reading.available_bytes, 0U);
}

TEST_F(MemorySamplerTest, NothingAvailableOutweighsWhatACgroupHasLeft) {
  write("/proc/self/cgroup", "0::/\n");
  write("/cgroup/memory.max", "1048576\n");
  write("/cgroup/memory.current", "0\n");
  write("/proc/meminfo", "MemAvailable:  0 kB\n");
  const MemoryReading reading = MemorySampler(roots_).sample();
  EXPECT_TRUE(reading.is_available_known);
  EXPECT_EQ(reading.available_bytes, 0U);
}

TEST_F(MemorySamplerTest, WhatCannotBeReadIsAsItWasLast) {
  write("/proc/self/cgroup", "0::/\n");
  write("/cgroup/memory.max", "1048576\n");
  write("/cgroup/memory.current", "0\n");
  const MemorySampler sampler(roots_);
  const uint64_t used = sampler.sample().used_bytes;
  for (const char* path : {"/proc/meminfo", "/cgroup/memory.current", "/proc/self/statm"})
    write(path, "");
  const MemoryReading reading = sampler.sample();
  EXPECT_TRUE(reading.is_available_known);
  EXPECT_EQ(reading.available_bytes, kMega);
  EXPECT_EQ(reading.used_bytes, used);
}

TEST_F(MemorySamplerTest, TotalsAreThoseOfTheMachine) {
  EXPECT_EQ(MemorySampler(roots_).totals().swap_bytes, 0U);
  write("/proc/meminfo", "MemTotal:  4059136 kB\nSwapTotal:  2048 kB\nSwapFree:  1 kB\n");
  const MemoryTotals totals = MemorySampler(roots_).totals();
  EXPECT_EQ(totals.total_bytes, 3964 * kMega);
  EXPECT_EQ(totals.swap_bytes, 2 * kMega);
}

TEST_F(MemorySamplerTest, EachReadingIsFresh) {
  const MemorySampler sampler(roots_);
  write("/proc/self/statm", "50000 1 800 1 0 9000 0\n");
  write("/proc/meminfo", "MemAvailable:  1024 kB\n");
  const MemoryReading reading = sampler.sample();
  EXPECT_EQ(reading.used_bytes, static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(reading.available_bytes, kMega);
}

TEST_F(MemorySamplerTest, WithoutNvMapNothingIsOnTheAccelerator) {
  EXPECT_EQ(MemorySampler(roots_).sample().accelerator_bytes, 0U);
}

TEST_F(MemorySamplerTest, NvMapUseSinceTheBeginningCountsAsOurs) {
  write("/proc/meminfo", "MemAvailable: 1048576 kB\nNvMapMemFree: 7 kB\nNvMapMemUsed: 20480 kB\n");
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().accelerator_bytes, 0U);

  write("/proc/meminfo", "MemAvailable: 1048576 kB\nNvMapMemFree: 7 kB\nNvMapMemUsed: 30720 kB\n");
  const MemoryReading reading = sampler.sample();
  EXPECT_EQ(reading.accelerator_bytes, 10 * kMega);
  EXPECT_EQ(reading.used_bytes, 2560U * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + 10 * kMega);
}

TEST_F(MemorySamplerTest, NvMapUseBelowTheBeginningIsZero) {
  write("/proc/meminfo", "NvMapMemUsed: 20480 kB\n");
  const MemorySampler sampler(roots_);
  write("/proc/meminfo", "NvMapMemUsed: 10240 kB\n");
  EXPECT_EQ(sampler.sample().accelerator_bytes, 0U);
}

// An accelerator's context stays until the process ends: to an element that begins later it is no
// memory of others.
TEST_F(MemorySamplerTest, NvMapUseOfAnElementBeforeStaysOurs) {
  write("/proc/meminfo", "NvMapMemUsed: 102400 kB\n");
  {
    const MemorySampler before(roots_);
    write("/proc/meminfo", "NvMapMemUsed: 1536000 kB\n");
    EXPECT_EQ(before.sample().accelerator_bytes, 1400 * kMega);
  }
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().accelerator_bytes, 1400 * kMega);
}

TEST_F(MemorySamplerTest, NvMapUseIsCountedFromTheLeastThatWasSeen) {
  write("/proc/meminfo", "NvMapMemUsed: 102400 kB\n");
  const MemorySampler sampler(roots_);
  write("/proc/meminfo", "NvMapMemUsed: 51200 kB\n");
  EXPECT_EQ(sampler.sample().accelerator_bytes, 0U);
  write("/proc/meminfo", "NvMapMemUsed: 153600 kB\n");
  EXPECT_EQ(sampler.sample().accelerator_bytes, 100 * kMega);
}

TEST_F(MemorySamplerTest, NvMapUseThatCouldNotBeReadOnceIsNotOurs) {
  write("/proc/meminfo", "");
  const MemorySampler before(roots_);
  write("/proc/meminfo", "NvMapMemUsed: 102400 kB\n");
  EXPECT_EQ(before.sample().accelerator_bytes, 0U);
  write("/proc/meminfo", "");
  before.sample();
  write("/proc/meminfo", "NvMapMemUsed: 153600 kB\n");
  EXPECT_EQ(MemorySampler(roots_).sample().accelerator_bytes, 50 * kMega);
}

TEST_F(MemorySamplerTest, Version2LimitTightensWhatIsAvailable) {
  write("/proc/self/cgroup", "0::/user/camera\n");
  write("/cgroup/user/camera/memory.max", "536870912\n");
  write("/cgroup/user/camera/memory.current", "104857600\n");
  EXPECT_EQ(available_bytes(), 412 * kMega);
}

// Beyond memory.high, which systemd calls MemoryHigh=, the kernel slows all threads down.
TEST_F(MemorySamplerTest, Version2LimitIsWhereTheKernelBegins) {
  write("/proc/self/cgroup", "0::/camera\n");
  write("/cgroup/camera/memory.max", "max\n");
  write("/cgroup/camera/memory.high", "104857600\n");
  write("/cgroup/camera/memory.current", "94371840\n");
  EXPECT_EQ(available_bytes(), 10 * kMega);
  EXPECT_EQ(MemorySampler(roots_).limit_bytes(), 100 * kMega);
  write("/cgroup/camera/memory.max", "99614720\n");
  EXPECT_EQ(available_bytes(), 5 * kMega);
}

TEST_F(MemorySamplerTest, Version2WithoutLimitLeavesTheSystem) {
  write("/proc/self/cgroup", "0::/user/camera\n");
  write("/cgroup/user/camera/memory.max", "max\n");
  write("/cgroup/user/camera/memory.current", "104857600\n");
  EXPECT_EQ(available_bytes(), 1024 * kMega);
}

TEST_F(MemorySamplerTest, TightestCgroupOnTheWayToTheRootCounts) {
  write("/proc/self/cgroup", "0::/user/camera\n");
  write("/cgroup/user/camera/memory.max", "536870912\n");
  write("/cgroup/user/camera/memory.current", "0\n");
  write("/cgroup/user/memory.max", "209715200\n");
  write("/cgroup/user/memory.current", "104857600\n");
  EXPECT_EQ(available_bytes(), 100 * kMega);
}

TEST_F(MemorySamplerTest, TightestLimitOnTheWayToTheRootIsTold) {
  write("/proc/self/cgroup", "0::/user/camera\n");
  write("/cgroup/user/camera/memory.max", "max\n");
  write("/cgroup/user/camera/memory.current", "0\n");
  write("/cgroup/user/memory.max", "209715200\n");
  write("/cgroup/user/memory.current", "104857600\n");
  write("/cgroup/memory.max", "536870912\n");
  write("/cgroup/memory.current", "104857600\n");
  EXPECT_EQ(MemorySampler(roots_).limit_bytes(), 200 * kMega);
}

TEST_F(MemorySamplerTest, WithoutALimitZeroIsTold) {
  EXPECT_EQ(MemorySampler(roots_).limit_bytes(), 0U) << "no cgroup";
  write("/proc/self/cgroup", "4:memory:/\n");
  write("/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("/cgroup/memory/memory.usage_in_bytes", "104857600\n");
  EXPECT_EQ(MemorySampler(roots_).limit_bytes(), 0U) << "version 1 without a limit";
}

TEST_F(MemorySamplerTest, UseAboveTheLimitLeavesNothing) {
  write("/proc/self/cgroup", "0::/\n");
  write("/cgroup/memory.max", "1000\n");
  write("/cgroup/memory.current", "2000\n");
  EXPECT_EQ(available_bytes(), 0U);
  EXPECT_TRUE(MemorySampler(roots_).sample().is_available_known) << "that none is left";
}

TEST_F(MemorySamplerTest, LimitThatChangesLaterIsSeen) {
  write("/proc/self/cgroup", "0::/\n");
  write("/cgroup/memory.max", "max\n");
  write("/cgroup/memory.current", "0\n");
  const MemorySampler sampler(roots_);
  write("/cgroup/memory.max", "1048576\n");
  EXPECT_EQ(sampler.sample().available_bytes, kMega);
}

TEST_F(MemorySamplerTest, Version1LimitTightensWhatIsAvailable) {
  write("/proc/self/cgroup", "3:cpuset:/\n2:cpu,memory:/docker/abc\n0::/other\n");
  write("/cgroup/memory/docker/abc/memory.limit_in_bytes", "209715200\n");
  write("/cgroup/memory/docker/abc/memory.usage_in_bytes", "104857600\n");
  EXPECT_EQ(available_bytes(), 100 * kMega);
}

TEST_F(MemorySamplerTest, WhatTakesLongToReadIsReadAtEachFourthReading) {
  write("/proc/self/cgroup", "0::/camera\n");
  write("/cgroup/camera/memory.max", "1000000\n");
  write("/cgroup/camera/memory.current", "900000\n");
  write("/cgroup/camera/memory.stat", "inactive_file 0\n");
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().available_bytes, 100000U);
  write("/cgroup/camera/memory.stat", "inactive_file 700000\n");
  for (int i = 0; i < 3; i++)
    EXPECT_EQ(sampler.sample().available_bytes, 100000U);
  EXPECT_EQ(sampler.sample().available_bytes, 800000U);
}

// A container that records a video has its limit full of pages of the file.
TEST_F(MemorySamplerTest, Version2DoesNotCountPagesOfFilesThatCanGo) {
  write("/proc/self/cgroup", "0::/camera\n");
  write("/cgroup/camera/memory.max", "1000000\n");
  write("/cgroup/camera/memory.current", "950000\n");
  EXPECT_EQ(available_bytes(), 50000U) << "where there are no statistics";
  write("/cgroup/camera/memory.stat",
        "anon 100000\nfile 850000\ninactive_anon 7\ninactive_file 800000\nactive_file 50000\n");
  EXPECT_EQ(available_bytes(), 850000U);
  write("/cgroup/camera/memory.stat", "inactive_file 99999999\n");
  EXPECT_EQ(available_bytes(), 1000000U) << "never more than the limit";
}

TEST_F(MemorySamplerTest, Version1DoesNotCountPagesOfFilesThatCanGo) {
  write("/proc/self/cgroup", "4:memory:/camera\n");
  write("/cgroup/memory/camera/memory.limit_in_bytes", "1000000\n");
  write("/cgroup/memory/camera/memory.usage_in_bytes", "950000\n");
  write("/cgroup/memory/camera/memory.stat",
        "inactive_file 5\ntotal_inactive_anon 9\ntotal_inactive_file 800000\n");
  EXPECT_EQ(available_bytes(), 850000U);
}

TEST_F(MemorySamplerTest, Version1WithoutLimitLeavesTheSystem) {
  write("/proc/self/cgroup", "4:memory:/\n");
  write("/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("/cgroup/memory/memory.usage_in_bytes", "104857600\n");
  EXPECT_EQ(available_bytes(), 1024 * kMega);
  remove("/proc/meminfo");
  EXPECT_EQ(available_bytes(), 0U) << "nobody says";
}

TEST_F(MemorySamplerTest, ContainerThatSeesItsCgroupAsTheRootHasItsLimit) {
  write("/proc/self/cgroup", "4:memory:/docker/abc\n");
  write("/cgroup/memory/memory.limit_in_bytes", "209715200\n");
  write("/cgroup/memory/memory.usage_in_bytes", "104857600\n");
  EXPECT_EQ(available_bytes(), 100 * kMega);
}

TEST_F(MemorySamplerTest, PathThatLeadsOutsideIsTakenForTheRoot) {
  write("/proc/self/cgroup", "0::/../../elsewhere\n");
  write("/cgroup/memory.max", "1048576\n");
  write("/cgroup/memory.current", "0\n");
  EXPECT_EQ(available_bytes(), kMega);
}

TEST_F(MemorySamplerTest, TwoDotsInANameLeadNowhere) {
  write("/proc/self/cgroup", "0::/a..b\n");
  write("/cgroup/a..b/memory.max", "1048576\n");
  write("/cgroup/a..b/memory.current", "0\n");
  EXPECT_EQ(available_bytes(), kMega);
}

TEST_F(MemorySamplerTest, CgroupCountsWhereTheSystemIsUnknown) {
  remove("/proc/meminfo");
  write("/proc/self/cgroup", "0::/\n");
  write("/cgroup/memory.max", "1048576\n");
  write("/cgroup/memory.current", "0\n");
  EXPECT_EQ(available_bytes(), kMega);
}

TEST_F(MemorySamplerTest, MissingFilesCountAsNothing) {
  const MemoryReading reading = MemorySampler({"/nonexistent", "/nonexistent"}).sample();
  EXPECT_EQ(reading.used_bytes, 0U);
  EXPECT_EQ(reading.available_bytes, 0U);
  EXPECT_FALSE(reading.is_available_known);
  EXPECT_EQ(reading.accelerator_bytes, 0U);
}

TEST_F(MemorySamplerTest, GarbageCountsAsNothing) {
  const std::string kinds[] = {"",
                               "\n",
                               "garbage",
                               "-1 -1 -1\n",
                               ":::\n:memory\n::",
                               "12",
                               std::string(100000, 'x'),
                               std::string("\0\0\xff", 3)};
  for (const auto& garbage : kinds) {
    for (const char* path : {"/proc/self/statm", "/proc/meminfo", "/proc/self/cgroup"})
      write(path, garbage);
    const MemoryReading reading = MemorySampler(roots_).sample();
    EXPECT_EQ(reading.used_bytes, 0U) << garbage.substr(0, 20);
    EXPECT_EQ(reading.available_bytes, 0U) << garbage.substr(0, 20);
  }
}

TEST_F(MemorySamplerTest, GarbageInACgroupIsNoLimit) {
  write("/proc/self/cgroup", "0::/\n");
  for (const char* limit : {"", "-5\n", "many\n"}) {
    write("/cgroup/memory.max", limit);
    write("/cgroup/memory.current", "0\n");
    EXPECT_EQ(available_bytes(), 1024 * kMega) << limit;
  }
  write("/cgroup/memory.max", "1000\n");
  write("/cgroup/memory.current", "few\n");
  EXPECT_EQ(available_bytes(), 1024 * kMega);
}

TEST_F(MemorySamplerTest, NumberThatIsTooLargeIsTheLargest) {
  write("/proc/self/statm", "1 99999999999999999999999999 1\n");
  write("/proc/meminfo", "MemAvailable: 99999999999999999999999999 kB\nNvMapMemUsed: 0 kB\n");
  const MemorySampler sampler(roots_);
  EXPECT_EQ(sampler.sample().used_bytes, UINT64_MAX);
  EXPECT_EQ(sampler.sample().available_bytes, UINT64_MAX);

  write("/proc/meminfo", "NvMapMemUsed: 99999999999999999999999999 kB\n");
  EXPECT_EQ(sampler.sample().used_bytes, UINT64_MAX) << "the sum must not begin at 0 again";
}

TEST_F(MemorySamplerTest, ReadingAllocatesNothing) {
  write("/proc/self/cgroup", "0::/user\n");
  write("/cgroup/user/memory.max", "1048576\n");
  write("/cgroup/user/memory.current", "0\n");
  const MemorySampler sampler(roots_);
  const int before = allocations;
  for (int i = 0; i < 100; ++i)
    sampler.sample();
  EXPECT_EQ(allocations, before);
}

TEST(MemorySampler, SeesWhatThisProcessTouches) {
  const MemorySampler sampler;
  const MemoryReading before = sampler.sample();
  std::vector<char> touched(64 * kMega, 1);
  const MemoryReading after = sampler.sample();
  ASSERT_EQ(touched.back(), 1);
  EXPECT_GT(before.used_bytes, 0U);
  EXPECT_GT(before.available_bytes, 0U);
  // Other threads or a sanitizer may give a little back meanwhile.
  EXPECT_GE(after.used_bytes, before.used_bytes + 60 * kMega);
}

}  // namespace
}  // namespace jetsoncaption
