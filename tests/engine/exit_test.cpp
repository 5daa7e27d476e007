// SPDX-License-Identifier: LGPL-2.1-or-later
// An application may end at any moment: while a model is loaded, and while a caption is made.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "tools/child_process.h"

namespace jetsoncaption {
namespace {

constexpr std::chrono::seconds kPatience{60};

TEST(Exit, IsCleanWhileTheEngineWorks) {
  const TemporaryDirectory model;
  const auto written = write_tiny_bundle(model.path(), 1);
  ASSERT_TRUE(written.ok()) << written.error().message;
  const std::string engine = std::getenv("JETSONCAPTION_ENGINE");
  const bool has_libtorch = engine.find("-torch.so") != std::string::npos;
  for (const int milliseconds : {0, 1, 3, 10, 30, 100, 200, 400, 400, 400}) {
    const auto ran = run_child({JETSONCAPTION_EXIT_WHILE_CAPTIONING, engine, model.path(),
                                has_libtorch ? "1" : "3", std::to_string(milliseconds)},
                               kPatience);
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    EXPECT_FALSE(ran.value().timed_out) << milliseconds;
    EXPECT_EQ(ran.value().signal, 0) << "after " << milliseconds << " ms";
    EXPECT_EQ(ran.value().exit_code, 0) << "after " << milliseconds << " ms";
  }
}

}  // namespace
}  // namespace jetsoncaption
