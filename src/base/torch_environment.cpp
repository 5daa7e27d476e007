// SPDX-License-Identifier: LGPL-2.1-or-later
// Which environment variables LibTorch and its libraries should find on this machine.
#include "base/torch_environment.h"

#include <cstdlib>

#include <sys/auxv.h>

namespace jetsoncaption {
namespace {

// HWCAP_CPUID of the kernel's <asm/hwcap.h>, which is about ARM only where it is compiled for ARM.
constexpr unsigned long kKernelNamesProcessor = 1UL << 11;

#ifdef __x86_64__
X86Vectors x86_vectors() {
  const bool is_amd = __builtin_cpu_is("amd");
  if ((!is_amd && !__builtin_cpu_is("intel")) || !__builtin_cpu_supports("avx2") ||
      !__builtin_cpu_supports("fma"))
    return X86Vectors::Other;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return X86Vectors::Avx512;
  return is_amd ? X86Vectors::Avx2OfAmd : X86Vectors::Avx2OfIntel;
}
#endif

// OpenBLAS chooses its kernels when it is opened.
//
// On ARM by a register that names the processor. Reading it is an illegal instruction unless the
// kernel helps, which it does since 4.11 and says so in the features. OpenBLAS looks at them first,
// but in some builds (0.3.13, numpy issue 18131) the compiler moved the reading in front of that.
// Without help it takes the kernels of ARMV8, so that naming them costs nothing; with help it finds
// better ones by itself.
//
// On x86-64 by a list of models. What was made after it gets the kernels of a Pentium 4 until
// 0.3.24 (OpenBLAS issue 4267), and Debian 12 has 0.3.21: captions take twice as long.
const char* best_blas_kernels(const Processor& processor) {
  if (processor.is_arm64)
    return (processor.features & kKernelNamesProcessor) == 0 ? "ARMV8" : nullptr;
  switch (processor.vectors) {
    case X86Vectors::Avx512:
      return "SkylakeX";
    case X86Vectors::Avx2OfIntel:
      return "Haswell";
    case X86Vectors::Avx2OfAmd:
      return "Zen";
    case X86Vectors::Other:
      break;
  }
  return nullptr;
}

}  // namespace

Processor this_processor() {
  Processor processor;
#ifdef __aarch64__
  processor.is_arm64 = true;
  processor.features = getauxval(AT_HWCAP);
#endif
#ifdef __x86_64__
  processor.vectors = x86_vectors();
#endif
  return processor;
}

std::vector<Variable> missing_blas_variables(const Processor& processor, const GetVariable& get) {
  const char* kernels = best_blas_kernels(processor);
  if (kernels == nullptr || get("OPENBLAS_CORETYPE") != nullptr)
    return {};
  return {{"OPENBLAS_CORETYPE", kernels}};
}

std::vector<Variable> missing_training_variables(const GetVariable& get) {
  if (get("OPENBLAS_THREAD_TIMEOUT") != nullptr)
    return {};
  // They turn in circles for 2^26 cycles before they sleep; 4 is the least that it knows.
  return {{"OPENBLAS_THREAD_TIMEOUT", "4"}};
}

std::vector<Variable> missing_cuda_variables(const GetVariable& get) {
  std::vector<Variable> missing;
  // Kernels are loaded when they are used, of which LibTorch has hundreds of megabytes. CUDA before
  // 11.7, which JetPack 4 and 5 have, does not know it.
  if (get("CUDA_MODULE_LOADING") == nullptr)
    missing.push_back({"CUDA_MODULE_LOADING", "LAZY"});
  // A large block of which a small part is in use cannot be given back to the system, which on a
  // Jetson board has no other memory. Blocks of more than 64 MB are therefore not cut into parts.
  // The model needs none of that size, but the work areas of cuBLAS and cuDNN may. LibTorch takes
  // no less than 21 MB; 1.8 ignores it, 1.9 knows this option and, as all versions, refuses to
  // start with one that it does not know. PYTORCH_ALLOC_CONF is its name in newer versions.
  if (get("PYTORCH_CUDA_ALLOC_CONF") == nullptr && get("PYTORCH_ALLOC_CONF") == nullptr)
    missing.push_back({"PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:64"});
  return missing;
}

void set_variables(const std::vector<Variable>& variables) {
  constexpr int kDoNotReplace = 0;
  for (const Variable& variable : variables)
    setenv(variable.name.c_str(), variable.value.c_str(), kDoNotReplace);
}

}  // namespace jetsoncaption
