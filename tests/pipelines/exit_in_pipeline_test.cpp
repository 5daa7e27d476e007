// SPDX-License-Identifier: LGPL-2.1-or-later
// An application may end at any moment while its pipeline plays: with the exit code that it wants,
// and not by a signal.
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "tools/child_process.h"

namespace jetsoncaption {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int kSlowness = 10;
#else
constexpr int kSlowness = 1;
#endif
constexpr std::chrono::seconds kLongest{10 * kSlowness};  // it takes 0.1 s, with Python 0.4 s

struct Setting {
  const char* isolation;
  const char* mode;
};

class ExitInPipeline : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(model_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // What the program prints, when it ends in time and with this exit code.
  std::string ended_with(int exit_code, std::vector<std::string> program, const char* when,
                         int milliseconds) const {
    SCOPED_TRACE(std::string(when) + " and " + std::to_string(milliseconds) + " ms");
    const std::string properties = std::string("isolation=") + GetParam().isolation +
                                   " mode=" + GetParam().mode + " beam-size=8 model=\"" +
                                   model_.path() + "\"";
    for (const std::string& argument : {std::string(JETSONCAPTION_GST_PLUGINS), properties,
                                        std::string(when), std::to_string(milliseconds)})
      program.push_back(argument);
    const auto ran = run_child(program, kLongest);
    if (!ran.ok()) {
      ADD_FAILURE() << ran.error().message;
      return "";
    }
    EXPECT_FALSE(ran.value().timed_out);
    EXPECT_EQ(ran.value().signal, 0);
    EXPECT_EQ(ran.value().exit_code, exit_code);
    return ran.value().output;
  }

  TemporaryDirectory model_;
};

TEST_P(ExitInPipeline, IsCleanWhileTheModelIsLoaded) {
  const std::vector<std::string> program = {JETSONCAPTION_EXIT_IN_PIPELINE};
  EXPECT_EQ(ended_with(7, program, "load", 0), "loading\n");
  for (const int milliseconds : {1, 3, 6, 10, 20, 30, 50})
    ended_with(7, program, "load", milliseconds);
}

TEST_P(ExitInPipeline, IsCleanWhileACaptionIsMade) {
  const std::vector<std::string> program = {JETSONCAPTION_EXIT_IN_PIPELINE};
  for (const int milliseconds : {0, 0, 1, 2, 5, 10, 30, 100})
    EXPECT_EQ(ended_with(7, program, "caption", milliseconds), "ready\n");
}

// "" where the interpreter has no PyGObject.
std::string python_with_gi() {
  const char* python = std::getenv("JETSONCAPTION_PYTHON");
  if (python == nullptr)
    return "";
  const auto ran =
      run_child({python, "-c", "import gi; gi.require_version('Gst', '1.0')"}, kLongest);
  return ran.ok() && ran.value().exit_code == 0 ? python : "";
}

TEST_P(ExitInPipeline, OfPythonByAnExceptionIsCleanWhileACaptionIsMade) {
  const std::string python = python_with_gi();
  if (python.empty())
    GTEST_SKIP() << "python3-gi or gir1.2-gstreamer-1.0 is not installed, or does not load what is "
                    "built with a sanitizer";
  const std::vector<std::string> program = {python, JETSONCAPTION_RAISE_IN_PIPELINE};
  for (const char* how : {"watch", "handler"}) {
    for (const int milliseconds : {0, 10, 50})
      EXPECT_EQ(ended_with(1, program, how, milliseconds), "ready\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Element, ExitInPipeline,
                         testing::Values(Setting{"none", "live"}, Setting{"none", "every-frame"},
                                         Setting{"process", "live"},
                                         Setting{"process", "every-frame"}),
                         [](const auto& setting) {
                           return std::string(setting.param.isolation) +
                                  (setting.param.mode[0] == 'l' ? "Live" : "EveryFrame");
                         });

}  // namespace
}  // namespace jetsoncaption
