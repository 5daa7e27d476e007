// SPDX-License-Identifier: LGPL-2.1-or-later
// An application may end at any moment: while a model is loaded, and while a caption is made.
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "tools/child_process.h"

namespace jetsoncaption {
namespace {

constexpr std::chrono::seconds kPatience{60};

class Exit : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(model_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // Of the program that ends so many milliseconds after it has begun.
  std::vector<std::string> program(int milliseconds) const {
    const std::string engine = std::getenv("JETSONCAPTION_ENGINE");
    const bool has_libtorch = engine.find("-torch.so") != std::string::npos;
    return {JETSONCAPTION_EXIT_WHILE_CAPTIONING, engine, model_.path(), has_libtorch ? "1" : "3",
            std::to_string(milliseconds)};
  }

  TemporaryDirectory model_;
};

TEST_F(Exit, IsCleanWhileTheEngineWorks) {
  for (const int milliseconds : {0, 1, 3, 10, 30, 100, 200, 400, 400, 400}) {
    const auto ran = run_child(program(milliseconds), kPatience);
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    EXPECT_FALSE(ran.value().timed_out) << milliseconds;
    EXPECT_EQ(ran.value().signal, 0) << "after " << milliseconds << " ms";
    EXPECT_EQ(ran.value().exit_code, 0) << "after " << milliseconds << " ms";
  }
}

TEST_F(Exit, OfAForkedProcessDoesNotWaitForThreadsThatItDoesNotHave) {
  std::vector<std::string> arguments = program(400);
  arguments.emplace_back("fork");
  const auto ran = run_child(arguments, kPatience);
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(ran.value().signal, 0);
  EXPECT_EQ(ran.value().exit_code, 0) << "5: it waited; 6: it did not end well";
}

}  // namespace
}  // namespace jetsoncaption
