// SPDX-License-Identifier: LGPL-2.1-or-later
// Which environment variables LibTorch and its libraries should find on this machine.
//
// They are read once, so each must be set early: those of BLAS before libopenblas is opened, those
// of CUDA before CUDA is asked for the first time. What the user has set stays as it is.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace jetsoncaption {

struct Variable {
  std::string name;
  std::string value;
};

using GetVariable = std::function<const char*(const char*)>;  // as std::getenv()

struct Processor {
  bool is_arm64 = false;
  unsigned long features = 0;  // getauxval(AT_HWCAP)
};
Processor this_processor();

// What OpenBLAS lacks. In most places nothing; OPENBLAS_CORETYPE=ARMV8 on 64-bit ARM where the
// kernel does not name the processor, as the 4.9 of JetPack 4 does on no board.
std::vector<Variable> missing_blas_variables(const Processor& processor, const GetVariable& get);

// What CUDA and LibTorch's allocator for it lack.
std::vector<Variable> missing_cuda_variables(const GetVariable& get);

// Changes the environment of the process, which other threads must not read at the same time: call
// it while as few as possible run.
void set_variables(const std::vector<Variable>& variables);

}  // namespace jetsoncaption
