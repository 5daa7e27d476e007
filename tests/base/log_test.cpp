// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of the log sink: who hears the core's remarks.
#include "base/log.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

class Log : public ::testing::Test {
 protected:
  void TearDown() override { set_log_sink({}); }

  std::vector<std::pair<LogLevel, std::string>> heard_;
  const LogSink listener_ = [this](LogLevel level, const std::string& message) {
    heard_.emplace_back(level, message);
  };
};

TEST_F(Log, SinkHearsLevelAndMessage) {
  set_log_sink(listener_);
  log_message(LogLevel::Debug, "loading");
  log_message(LogLevel::Warning, "slow");
  const std::vector<std::pair<LogLevel, std::string>> expected{{LogLevel::Debug, "loading"},
                                                               {LogLevel::Warning, "slow"}};
  EXPECT_EQ(heard_, expected);
}

TEST_F(Log, WithoutASinkNothingIsPrinted) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log_message(LogLevel::Warning, "nobody hears this");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Log, NewSinkReplacesTheOldOne) {
  int others = 0;
  set_log_sink(listener_);
  set_log_sink([&](LogLevel, const std::string&) { ++others; });
  log_message(LogLevel::Info, "who hears this?");
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(others, 1);
}

TEST_F(Log, EmptySinkIsSilence) {
  set_log_sink(listener_);
  set_log_sink({});
  log_message(LogLevel::Info, "nobody");
  EXPECT_TRUE(heard_.empty());
}

TEST_F(Log, SinkMayUseTheLogItself) {
  int calls = 0;
  set_log_sink([&](LogLevel, const std::string&) {
    ++calls;
    set_log_sink({});
    log_message(LogLevel::Info, "would lock twice if the lock were held");
  });
  log_message(LogLevel::Info, "first");
  EXPECT_EQ(calls, 1);
}

TEST_F(Log, MessagesOfSeveralThreadsAllArrive) {
  std::atomic<int> count{0};
  set_log_sink([&](LogLevel, const std::string&) { ++count; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 100; ++j)
        log_message(LogLevel::Debug, "hello");
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(count, 400);
}

}  // namespace
}  // namespace jetsoncaption
