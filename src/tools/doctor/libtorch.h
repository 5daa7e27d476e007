// SPDX-License-Identifier: LGPL-2.1-or-later
// What jetsoncaption-torch-probe found out about LibTorch.
#pragma once

#include <string>
#include <vector>

#include "tools/child_process.h"

namespace jetsoncaption {

struct LibtorchProbe {
  bool is_here = false;  // the probe told the rest
  std::string failure;   // how it ended otherwise, a sentence; empty: it is not installed
  std::string version;   // "1.13.1"
  std::vector<std::string> quantized_engines;
  bool has_cuda = false;
  std::string blas_provider;
  std::string blas_kernels;  // that OpenBLAS chose, "Haswell"; "" with another BLAS
  std::string maps;          // of a process with LibTorch: the text of /proc/self/maps
  std::string difference;    // what it computes wrongly; "" where nothing was found
};

// Takes about a second. Never fails.
LibtorchProbe probe_libtorch();

// What the probe printed, and how it ended.
LibtorchProbe read_libtorch_probe(const ChildResult& probe);

}  // namespace jetsoncaption
