// SPDX-License-Identifier: LGPL-2.1-or-later
// What the LibTorch in use can do, for `jetsoncaption doctor`.
#pragma once

#include <string>
#include <vector>

namespace jetsoncaption {

// The libraries that LibTorch has for its own quantized operators: "QNNPACK", "FBGEMM", ... Empty
// on NVIDIA's builds for Jetson boards. The captioner needs none of them.
std::vector<std::string> quantized_engines();

// Whether LibTorch was built with CUDA; that there is a driver and a device is another matter.
bool torch_has_cuda();

}  // namespace jetsoncaption
