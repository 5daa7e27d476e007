// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption doctor` as a shell sees it, on a machine where all works and where something does
// not.
#include <cstdlib>
#include <map>
#include <string>

#include "fakes/scoped_variable.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "tools/child_process.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{250};

class DoctorCommand : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(model_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // Runs the doctor and keeps its checks by name.
  void examine() {
    const auto ran =
        run_child({JETSONCAPTION_PROGRAM, "doctor", "--model", model_.path(), "--json"}, kPatience);
    ASSERT_TRUE(ran.ok()) << ran.error().message;
    exit_code_ = ran.value().exit_code;
    const auto report = nlohmann::json::parse(ran.value().output, nullptr, false);
    ASSERT_TRUE(report.is_object()) << ran.value().output;
    EXPECT_EQ(report["ok"].get<bool>(), exit_code_ == 0);
    for (const auto& check : report["checks"])
      checks_[check["name"].get<std::string>()] = check;
  }
  std::string status(const char* name) const { return checks_.at(name).at("status"); }
  std::string finding(const char* name) const { return checks_.at(name).at("finding"); }
  std::string remedy(const char* name) const { return checks_.at(name).at("remedy"); }

  TemporaryDirectory model_;
  TemporaryDirectory plugins_;
  int exit_code_ = -1;
  std::map<std::string, nlohmann::json> checks_;
};

TEST_F(DoctorCommand, FindsNothingWrongWhereAllWorks) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "A plugin with a sanitizer does not load into GStreamer's plugin scanner.";
#endif
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 0);
  for (const char* name : {"machine", "gstreamer", "plugin", "engine", "libtorch", "nvmm", "memory",
                           "model", "self-test"})
    EXPECT_EQ(checks_.count(name), 1U) << name;
  EXPECT_EQ(status("plugin"), "ok") << finding("plugin");
  EXPECT_EQ(status("engine"), "ok") << finding("engine");
  EXPECT_THAT(finding("engine"), HasSubstr("libjetsoncaption-engine-int8.so"));
  EXPECT_NE(status("model"), "failed") << finding("model");
  EXPECT_THAT(finding("model"), HasSubstr("tiny in " + model_.path()));
  EXPECT_EQ(status("self-test"), "ok") << finding("self-test");
  EXPECT_THAT(finding("memory"), HasSubstr("engine and model need"));
  EXPECT_THAT(finding("memory"), HasSubstr("swap"));
}

#ifdef JETSONCAPTION_HAS_TORCH
TEST_F(DoctorCommand, FindsLibTorchWhereItIs) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "A plugin with a sanitizer does not load into GStreamer's plugin scanner.";
#endif
  ASSERT_NO_FATAL_FAILURE(examine());
  for (const char* name : {"arithmetic", "blas", "cuda"})
    EXPECT_EQ(checks_.count(name), 1U) << name;
  EXPECT_EQ(status("arithmetic"), "ok") << finding("arithmetic");
  EXPECT_THAT(finding("libtorch"), HasSubstr("libtorch_cpu.so"));
}
#endif

TEST_F(DoctorCommand, FindsAnEngineThatIsMissing) {
  const ScopedVariable engine("JETSONCAPTION_ENGINE", "/nowhere/engine.so");
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_EQ(status("engine"), "failed");
  EXPECT_THAT(finding("engine"), HasSubstr("/nowhere/engine.so"));
  EXPECT_EQ(status("model"), "not here");
}

TEST_F(DoctorCommand, FindsAnEngineThatCannotBeOpened) {
  const ScopedVariable engine("JETSONCAPTION_ENGINE", model_.write("engine.so", "no library"));
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_THAT(finding("engine"), HasSubstr("cannot be opened"));
}

TEST_F(DoctorCommand, FindsAPluginThatCannotBeLoaded) {
  const std::string file = plugins_.write("libgstjetsoncaption.so", "no library");
  const ScopedVariable path("GST_PLUGIN_PATH", plugins_.path());
  const ScopedVariable system_path("GST_PLUGIN_SYSTEM_PATH_1_0", "");
  const ScopedVariable registry("GST_REGISTRY", plugins_.file("registry.bin"));
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_EQ(status("plugin"), "failed");
  EXPECT_THAT(finding("plugin"), HasSubstr(file + " cannot be loaded"));
  EXPECT_THAT(remedy("plugin"), HasSubstr("registry"));
}

TEST_F(DoctorCommand, FindsThatThereIsNoPlugin) {
  const ScopedVariable path("GST_PLUGIN_PATH", plugins_.path());
  const ScopedVariable system_path("GST_PLUGIN_SYSTEM_PATH_1_0", "");
  const ScopedVariable registry("GST_REGISTRY", plugins_.file("registry.bin"));
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_THAT(finding("plugin"), HasSubstr(plugins_.path()));
  EXPECT_EQ(status("gstreamer"), "warning") << "videoconvert is not there either";
}

TEST_F(DoctorCommand, FindsADamagedModel) {
  model_.write("config.json", "{");
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_EQ(status("model"), "failed");
  EXPECT_THAT(finding("model"), HasSubstr("config.json"));
}

TEST_F(DoctorCommand, FindsAModelThatSaysSomethingElseHere) {
  const std::string config = model_.read("config.json");
  ASSERT_TRUE(write_tiny_bundle(model_.path(), 2).ok());
  model_.write("config.json", config);
  ASSERT_NO_FATAL_FAILURE(examine());
  EXPECT_EQ(exit_code_, 1);
  EXPECT_EQ(status("self-test"), "failed");
  EXPECT_THAT(finding("self-test"), HasSubstr("fails its self-test"));
}

}  // namespace
}  // namespace jetsoncaption
