// SPDX-License-Identifier: LGPL-2.1-or-later
// What the doctor makes of the engine probe's output, and of a probe that came to a bad end.
#include "tools/doctor/engine.h"

#include <csignal>

#include "engine/engine_api.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

ChildResult ended(const std::string& output, int signal = 0) {
  ChildResult result;
  result.output = output;
  result.exit_code = signal == 0 ? 0 : -1;
  result.signal = signal;
  return result;
}

constexpr const char* kOpened = "{\"opened\": \"/lib/engine.so\"}\n";

TEST(EngineProbe, TellsEngineAndModel) {
  const EngineFacts facts = read_probe(
      ended(std::string(kOpened) +
            R"({"model": "tiny", "precision": "int8", "kernels": "int8-avx2",)"
            R"( "version": "LibTorch 1.13.1", "threads": 2, "self_test": 1,)"
            R"( "self_test_failure": "", "device_fallback": "No room.", "used_mb": 190})"),
      "/models/tiny");
  EXPECT_EQ(facts.path, "/lib/engine.so");
  EXPECT_EQ(facts.open_error, "");
  EXPECT_TRUE(facts.was_loaded);
  EXPECT_EQ(facts.load_error, "");
  EXPECT_EQ(facts.model, "tiny");
  EXPECT_EQ(facts.precision, "int8");
  EXPECT_EQ(facts.kernels, "int8-avx2");
  EXPECT_EQ(facts.version, "LibTorch 1.13.1");
  EXPECT_EQ(facts.threads, 2U);
  EXPECT_EQ(facts.self_test, JETSONCAPTION_ENGINE_SELF_TEST_PASSED);
  EXPECT_EQ(facts.device_fallback, "No room.");
  EXPECT_EQ(facts.used_mb, 190U);
}

TEST(EngineProbe, MayOpenTheEngineOnly) {
  const EngineFacts facts = read_probe(ended(kOpened), "");
  EXPECT_EQ(facts.path, "/lib/engine.so");
  EXPECT_FALSE(facts.was_loaded);
  EXPECT_EQ(facts.load_error, "");
}

TEST(EngineProbe, TellsWhyTheEngineWasNotOpened) {
  const EngineFacts facts = read_probe(ended("{\"open_error\": \"It is missing.\"}\n"), "/m");
  EXPECT_EQ(facts.path, "");
  EXPECT_EQ(facts.open_error, "It is missing.");
  EXPECT_EQ(facts.load_error, "") << "the model is not to blame";
}

TEST(EngineProbe, TellsWhyTheModelWasNotLoaded) {
  const EngineFacts facts =
      read_probe(ended(std::string(kOpened) + "{\"load_error\": \"It is damaged.\"}\n"), "/m");
  EXPECT_FALSE(facts.was_loaded);
  EXPECT_EQ(facts.load_error, "It is damaged.");
}

TEST(EngineProbe, IgnoresWhatLibTorchPrints) {
  const EngineFacts facts =
      read_probe(ended("[W] a warning\n" + std::string(kOpened) + "[1, 2]\nnull\n"), "");
  EXPECT_EQ(facts.path, "/lib/engine.so");
}

TEST(EngineProbe, ExplainsAnIllegalInstructionWhileOpening) {
  const EngineFacts facts = read_probe(ended("", SIGILL), "/m");
  EXPECT_THAT(facts.open_error, HasSubstr("could not be opened"));
  EXPECT_THAT(facts.open_error, HasSubstr("built for another processor"));
  EXPECT_THAT(facts.open_error, HasSubstr("NVIDIA's build"));
}

TEST(EngineProbe, ExplainsAnIllegalInstructionWhileLoading) {
  const EngineFacts facts = read_probe(ended(kOpened, SIGILL), "/models/m");
  EXPECT_EQ(facts.open_error, "");
  EXPECT_THAT(facts.load_error, HasSubstr("/models/m could not be loaded"));
  EXPECT_THAT(facts.load_error, HasSubstr("illegal instruction"));
}

TEST(EngineProbe, ExplainsThatMemoryRanOut) {
  EXPECT_THAT(read_probe(ended(kOpened, SIGKILL), "/m").load_error, HasSubstr("memory ran out"));
}

TEST(EngineProbe, NamesOtherSignals) {
  EXPECT_THAT(read_probe(ended(kOpened, SIGSEGV), "/m").load_error, HasSubstr("signal 11"));
}

TEST(EngineProbe, SaysThatItTookTooLong) {
  ChildResult result = ended(kOpened, SIGKILL);
  result.timed_out = true;
  EXPECT_THAT(read_probe(result, "/m").load_error, HasSubstr("took longer than 120 s"));
}

}  // namespace
}  // namespace jetsoncaption
