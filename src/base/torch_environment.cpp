// SPDX-License-Identifier: LGPL-2.1-or-later
// Which environment variables LibTorch and its libraries should find on this machine.
#include "base/torch_environment.h"

#include <cstdlib>

#include <sys/auxv.h>

namespace jetsoncaption {
namespace {

// HWCAP_CPUID of the kernel's <asm/hwcap.h>, which is about ARM only where it is compiled for ARM.
constexpr unsigned long kKernelNamesProcessor = 1UL << 11;

}  // namespace

Processor this_processor() {
  Processor processor;
#ifdef __aarch64__
  processor.is_arm64 = true;
#endif
  processor.features = getauxval(AT_HWCAP);
  return processor;
}

// OpenBLAS chooses its kernels when it is opened, by a register that names the processor. Reading
// it is an illegal instruction unless the kernel helps, which it does since 4.11 and says so in the
// features. OpenBLAS looks at them first, but in some builds (0.3.13, numpy issue 18131) the
// compiler moved the reading in front of that. Without help it takes the kernels of ARMV8, so that
// naming them costs nothing; with help it finds better ones by itself.
std::vector<Variable> missing_blas_variables(const Processor& processor, const GetVariable& get) {
  const bool guesses = processor.is_arm64 && (processor.features & kKernelNamesProcessor) == 0;
  if (!guesses || get("OPENBLAS_CORETYPE") != nullptr)
    return {};
  return {{"OPENBLAS_CORETYPE", "ARMV8"}};
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
