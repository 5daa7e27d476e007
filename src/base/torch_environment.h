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

// What OpenBLAS's kernels for x86-64 need.
enum class X86Vectors { Other, Avx2OfAmd, Avx2OfIntel, Avx512 };

struct Processor {
  bool is_arm64 = false;
  unsigned long features = 0;  // getauxval(AT_HWCAP), of 64-bit ARM
  X86Vectors vectors = X86Vectors::Other;
};
Processor this_processor();

// What OpenBLAS should be told of the processor, for not every one of its versions finds it out.
std::vector<Variable> missing_blas_variables(const Processor& processor, const GetVariable& get);

// With which the threads of OpenBLAS wait without keeping the processors from those of LibTorch, in
// a program that trains.
std::vector<Variable> missing_training_variables(const GetVariable& get);

// What CUDA and LibTorch's allocator for it lack.
std::vector<Variable> missing_cuda_variables(const GetVariable& get);

// Changes the environment of the process, which other threads must not read at the same time: call
// it while as few as possible run.
void set_variables(const std::vector<Variable>& variables);

}  // namespace jetsoncaption
