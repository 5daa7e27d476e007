// SPDX-License-Identifier: LGPL-2.1-or-later
// What is read of the program that looks at LibTorch.
#include "tools/doctor/libtorch.h"

#include <csignal>

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

TEST(LibtorchProbe, ReadsWhatTheProbeSays) {
  ChildResult probe;
  probe.exit_code = 0;
  probe.output =
      "a line of LibTorch's\n"
      R"({"version": "1.13.1", "quantized_engines": ["FBGEMM"], "has_cuda": true,)"
      R"( "blas_provider": "/lib/libblas.so", "blas_kernels": "Zen", "maps": "m", "difference": "exp"})"
      "\n";
  const LibtorchProbe facts = read_libtorch_probe(probe);
  EXPECT_TRUE(facts.is_here);
  EXPECT_EQ(facts.version, "1.13.1");
  EXPECT_EQ(facts.quantized_engines, std::vector<std::string>{"FBGEMM"});
  EXPECT_TRUE(facts.has_cuda);
  EXPECT_EQ(facts.blas_provider, "/lib/libblas.so");
  EXPECT_EQ(facts.blas_kernels, "Zen");
  EXPECT_EQ(facts.difference, "exp");
}

TEST(LibtorchProbe, TakesAProgramThatTheLinkerRefusesForNoLibTorch) {
  ChildResult probe;
  probe.exit_code = 127;
  const LibtorchProbe facts = read_libtorch_probe(probe);
  EXPECT_FALSE(facts.is_here);
  EXPECT_EQ(facts.failure, "");
}

TEST(LibtorchProbe, SaysThatLibTorchIsForAnotherProcessor) {
  ChildResult probe;
  probe.signal = SIGILL;
  const LibtorchProbe facts = read_libtorch_probe(probe);
  EXPECT_FALSE(facts.is_here);
  EXPECT_THAT(facts.failure, HasSubstr("another processor"));
}

}  // namespace
}  // namespace jetsoncaption
