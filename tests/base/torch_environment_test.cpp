// SPDX-License-Identifier: LGPL-2.1-or-later
// What would be set for which machine, and that the user has the last word.
#include "base/torch_environment.h"

#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "fakes/scoped_variable.h"

namespace jetsoncaption {
namespace {

// Features of /proc/cpuinfo as the bits of getauxval().
constexpr unsigned long kNano = 0xff;             // fp asimd evtstrm aes pmull sha1 sha2 crc32
constexpr unsigned long kXavierJetpack4 = 0x7ff;  // and atomics fphp asimdhp
constexpr unsigned long kNanoNewKernel = 0xff | 0x800;  // and cpuid

GetVariable environment(const std::map<std::string, std::string>& variables) {
  return [variables](const char* name) -> const char* {
    static std::string value;
    const auto found = variables.find(name);
    if (found == variables.end())
      return nullptr;
    value = found->second;
    return value.c_str();
  };
}

std::map<std::string, std::string> by_name(const std::vector<Variable>& variables) {
  std::map<std::string, std::string> map;
  for (const Variable& variable : variables)
    map[variable.name] = variable.value;
  return map;
}

using Expected = std::map<std::string, std::string>;

TEST(BlasVariables, NameTheProcessorWhereTheKernelDoesNot) {
  const Expected expected = {{"OPENBLAS_CORETYPE", "ARMV8"}};
  EXPECT_EQ(by_name(missing_blas_variables({true, kNano}, environment({}))), expected);
  EXPECT_EQ(by_name(missing_blas_variables({true, kXavierJetpack4}, environment({}))), expected);
}

TEST(BlasVariables, LeaveItToOpenBlasWhereTheKernelDoes) {
  EXPECT_TRUE(missing_blas_variables({true, kNanoNewKernel}, environment({})).empty());
}

// OpenBLAS 0.3.21 of Debian 12 does not know models that came after it.
TEST(BlasVariables, NameKernelsForWhatAnX86ProcessorCanDo) {
  const std::map<X86Vectors, std::string> kernels = {{X86Vectors::Avx512, "SkylakeX"},
                                                     {X86Vectors::Avx2OfIntel, "Haswell"},
                                                     {X86Vectors::Avx2OfAmd, "Zen"}};
  for (const auto& [vectors, name] : kernels) {
    EXPECT_EQ(by_name(missing_blas_variables({false, 0, vectors}, environment({}))),
              (Expected{{"OPENBLAS_CORETYPE", name}}));
  }
}

TEST(BlasVariables, AreNoneOnOtherProcessors) {
  EXPECT_TRUE(missing_blas_variables({}, environment({})).empty());
}

TEST(BlasVariables, StayAsTheUserSetThem) {
  for (const char* value : {"CORTEXA57", ""}) {
    EXPECT_TRUE(
        missing_blas_variables({true, kNano}, environment({{"OPENBLAS_CORETYPE", value}})).empty());
  }
}

TEST(TrainingVariables, LetThreadsOfOpenBlasSleep) {
  EXPECT_EQ(by_name(missing_training_variables(environment({}))),
            (Expected{{"OPENBLAS_THREAD_TIMEOUT", "4"}}));
  EXPECT_TRUE(missing_training_variables(environment({{"OPENBLAS_THREAD_TIMEOUT", "20"}})).empty());
}

TEST(CudaVariables, LoadKernelsLateAndKeepLargeBlocksWhole) {
  const Expected expected = {{"CUDA_MODULE_LOADING", "LAZY"},
                             {"PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:64"}};
  EXPECT_EQ(by_name(missing_cuda_variables(environment({}))), expected);
}

TEST(CudaVariables, StayAsTheUserSetThemEachByItself) {
  EXPECT_EQ(by_name(missing_cuda_variables(environment({{"CUDA_MODULE_LOADING", "EAGER"}}))),
            (Expected{{"PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:64"}}));
  EXPECT_EQ(by_name(missing_cuda_variables(environment({{"PYTORCH_CUDA_ALLOC_CONF", ""}}))),
            (Expected{{"CUDA_MODULE_LOADING", "LAZY"}}));
}

TEST(CudaVariables, LeaveTheAllocatorAloneThatHasItsNewerVariable) {
  EXPECT_EQ(
      by_name(missing_cuda_variables(environment({{"PYTORCH_ALLOC_CONF", "backend:native"}}))),
      (Expected{{"CUDA_MODULE_LOADING", "LAZY"}}));
}

TEST(SetVariables, AddsButNeverReplaces) {
  const ScopedVariable absent("JETSONCAPTION_TEST_ABSENT", nullptr);
  const ScopedVariable present("JETSONCAPTION_TEST_PRESENT", "the user's");
  set_variables({{"JETSONCAPTION_TEST_ABSENT", "ours"}, {"JETSONCAPTION_TEST_PRESENT", "ours"}});
  EXPECT_STREQ(std::getenv("JETSONCAPTION_TEST_ABSENT"), "ours");
  EXPECT_STREQ(std::getenv("JETSONCAPTION_TEST_PRESENT"), "the user's");
}

}  // namespace
}  // namespace jetsoncaption
