// SPDX-License-Identifier: LGPL-2.1-or-later
// libjetsoncaption-engine-torch.so: fp32, fp16 and CUDA with LibTorch.
#include "engine/engine_glue.h"
#include "torch/cuda_device.h"
#include "torch/torch_captioner.h"

namespace jetsoncaption {

Result<std::unique_ptr<Captioner>> load_module_captioner(const CaptionerOptions& options) {
  return load_torch_captioner(options);
}

void prepare_engine_process() {
  prepare_cuda();
}

}  // namespace jetsoncaption
