// SPDX-License-Identifier: LGPL-2.1-or-later
// The watch tells of each step of a lack of memory, with figures of files as the kernel writes
// them.
#include "plugin/session/memory_watch.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

// A proc file system that says what a test wants.
class FakeProc {
 public:
  FakeProc() {
    EXPECT_NE(mkdtemp(&path_[0]), nullptr);
    EXPECT_EQ(mkdir((path_ + "/self").c_str(), 0700), 0);
    write(100, 4000);
  }
  ~FakeProc() {
    for (const char* file : {"/self/statm", "/meminfo"})
      unlink((path_ + file).c_str());
    rmdir((path_ + "/self").c_str());
    rmdir(path_.c_str());
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  void write(unsigned used_mb, unsigned available_mb) const {
    const long pages_of_mb = (1 << 20) / sysconf(_SC_PAGESIZE);
    std::ofstream(path_ + "/self/statm") << "99999 " << used_mb * pages_of_mb << " 0 1 0 0 0\n";
    std::ofstream(path_ + "/meminfo")
        << "MemTotal: " << total_mb * 1024 << " kB\nMemAvailable: " << available_mb * 1024
        << " kB\nSwapTotal: " << swap_mb * 1024 << " kB\n";
  }
  MemoryRoots roots() const { return {path_, path_ + "/none"}; }

  unsigned total_mb = 8000;
  unsigned swap_mb = 0;

 private:
  std::string path_ = testing::TempDir() + "/jetsoncaption-proc-XXXXXX";
};

// Keeps what it is told about memory.
class Notices : public CaptionListener {
 public:
  void load_started() override {}
  void load_finished(const EngineInfo&, bool) override {}
  void load_failed(const Error&, bool) override {}
  void model_kept(const Error&) override {}
  void moved_to_cpu(const EngineInfo&) override {}
  void made_modest(const std::string&) override {}
  void caption_overdue(const Overdue&) override {}
  void captioned(const FrameCaption&) override {}
  void caption_failed(const CaptionFailure&) override {}
  void no_swap(const MemoryTotals& totals) override { without_swap.push_back(totals); }
  void memory_changed(const MemoryNotice& notice) override { changes.push_back(notice); }

  std::vector<MemoryTotals> without_swap;
  std::vector<MemoryNotice> changes;
};

class MemoryWatchTest : public testing::Test {
 protected:
  MemoryWatchTest() {
    settings.memory_threshold_mb = 2500;
    settings.memory_reserve_mb = 200;
    settings.memory_check_interval = 1;
    settings.memory_action = MemoryAction::Unload;
    settings.beam_size = 4;
  }
  ~MemoryWatchTest() override { session_->shut_down(); }

  std::unique_ptr<MemoryWatch> make_watch() {
    return std::make_unique<MemoryWatch>(notices, std::make_unique<MemorySampler>(proc.roots()),
                                         session_, values);
  }

  // The clock goes on by so many milliseconds before the reading.
  MemoryStep check(MemoryWatch& watch, int ms, unsigned used_mb, unsigned available_mb) {
    proc.write(used_mb, available_mb);
    now_ += std::chrono::milliseconds(ms);
    return watch.check(frame_++, settings, now_);
  }

  FakeProc proc;
  Notices notices;
  LiveValues values;
  Settings settings;

 private:
  std::shared_ptr<CaptionSession> session_ = CaptionSession::start(
      {[](const std::function<bool()>&) -> Result<std::unique_ptr<EngineShare>> {
         return Error{ErrorKind::NotFound, "There is no engine here."};
       },
       nullptr},
      notices, false);
  MemoryLadder::TimePoint now_;
  uint64_t frame_ = 0;
};

TEST_F(MemoryWatchTest, TellsOfEachStepToTheEndAndBack) {
  const auto watch = make_watch();
  for (int i = 0; i < 90; i++)
    check(*watch, 100, 100, 150);
  for (int i = 0; i < 100; i++)
    check(*watch, 100, 100, 250);

  const std::vector<MemoryStep> expected = {
      MemoryStep::Trim,   MemoryStep::SlowDown, MemoryStep::Greedy,
      MemoryStep::Pause,  MemoryStep::Unload,   MemoryStep::Pause,
      MemoryStep::Greedy, MemoryStep::SlowDown, MemoryStep::None};
  ASSERT_EQ(notices.changes.size(), expected.size());
  for (size_t i = 0; i < expected.size(); i++) {
    SCOPED_TRACE(i);
    const MemoryNotice& notice = notices.changes[i];
    EXPECT_EQ(notice.step, expected[i]);
    EXPECT_EQ(notice.is_worse, i < 5);
    EXPECT_EQ(notice.cause, MemoryCause::Reserve);
    EXPECT_EQ(notice.reserve_mb, 200u);
    EXPECT_EQ(notice.reading.available_bytes >> 20, i < 5 ? 150u : 250u);
  }
}

TEST_F(MemoryWatchTest, GoesNoFurtherThanTheAction) {
  settings.memory_action = MemoryAction::Pause;
  const auto watch = make_watch();
  for (int i = 0; i < 100; i++)
    check(*watch, 100, 100, 150);
  EXPECT_EQ(notices.changes.back().step, MemoryStep::Pause);
  EXPECT_EQ(values.memory_step, MemoryStep::Pause);
}

TEST_F(MemoryWatchTest, TellsOfBothLimits) {
  const auto watch = make_watch();
  EXPECT_EQ(check(*watch, 100, 2600, 150), MemoryStep::Trim);
  ASSERT_EQ(notices.changes.size(), 2u);
  EXPECT_EQ(notices.changes[0].cause, MemoryCause::Use);
  EXPECT_EQ(notices.changes[0].reading.used_bytes >> 20, 2600u);
  EXPECT_EQ(notices.changes[1].cause, MemoryCause::Reserve);
}

TEST_F(MemoryWatchTest, LooksAtNoReserveOfZero) {
  settings.memory_reserve_mb = 0;
  const auto watch = make_watch();
  EXPECT_EQ(check(*watch, 100, 100, 1), MemoryStep::None);
}

TEST_F(MemoryWatchTest, KeepsItsStepBetweenReadings) {
  settings.memory_check_interval = 10;
  const auto watch = make_watch();
  EXPECT_EQ(check(*watch, 100, 100, 1), MemoryStep::Unload);
  EXPECT_EQ(check(*watch, 100, 100, 4000), MemoryStep::Unload) << "not a frame with a reading";
}

// Once in a process: one test for all of it.
TEST_F(MemoryWatchTest, TellsOnceOfASmallBoardWithoutSwap) {
  proc.total_mb = 7900;
  proc.write(100, 4000);
  make_watch();
  proc.total_mb = 3964;
  proc.swap_mb = 1982;
  proc.write(100, 2000);
  make_watch();
  EXPECT_TRUE(notices.without_swap.empty());
  proc.swap_mb = 0;
  proc.write(100, 2000);
  make_watch();
  make_watch();
  ASSERT_EQ(notices.without_swap.size(), 1u);
  EXPECT_EQ(notices.without_swap[0].total_bytes >> 20, 3964u);
}

}  // namespace
}  // namespace jetsoncaption
