// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the two engines a captioner needs.
#include "engine/engine_choice.h"

#include <algorithm>
#include <cstdlib>

#include "base/torch_environment.h"
#include "bundle/file_names.h"

#include <dlfcn.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

bool has_usable_cuda(CudaEvidence evidence) {
#ifdef JETSONCAPTION_CUDA
  // Graphics cards; Jetson boards until JetPack 5, and from JetPack 6 on.
  const std::vector<std::string> nodes = {"/dev/nvidia0", "/dev/nvhost-gpu", "/dev/nvgpu"};
  return evidence == CudaEvidence::Nodes ? has_any_node(nodes)
                                         : has_cuda_device(nodes, "libcuda.so.1");
#else
  static_cast<void>(evidence);
  return false;
#endif
}

}  // namespace

const char* name_of(EngineKind kind) {
  return kind == EngineKind::Torch ? "torch" : "int8";
}

EngineChoice choose_engine(JetsonCaptionEngineDevice device, JetsonCaptionEnginePrecision precision,
                           const EngineCircumstances& circumstances) {
  if (device == JETSONCAPTION_ENGINE_DEVICE_CUDA ||
      precision == JETSONCAPTION_ENGINE_PRECISION_FP32 ||
      precision == JETSONCAPTION_ENGINE_PRECISION_FP16)
    return {EngineKind::Torch, false};
  if (precision == JETSONCAPTION_ENGINE_PRECISION_INT8)
    return {EngineKind::Int8, false};
  if (device == JETSONCAPTION_ENGINE_DEVICE_AUTO && circumstances.has_cuda)
    return {EngineKind::Torch, circumstances.has_int8_weights};
  // Without any weights the int8 engine says what is wrong sooner.
  const bool needs_master = !circumstances.has_int8_weights && circumstances.has_master_weights;
  return {needs_master ? EngineKind::Torch : EngineKind::Int8, false};
}

EngineChoice choose_engine(JetsonCaptionEngineDevice device, JetsonCaptionEnginePrecision precision,
                           const std::string& model_dir, CudaEvidence evidence) {
  EngineCircumstances circumstances;
  circumstances.has_int8_weights = exists(model_dir + "/" + kInt8WeightsName);
  circumstances.has_master_weights = exists(model_dir + "/" + kMasterWeightsName);
  circumstances.has_cuda = device == JETSONCAPTION_ENGINE_DEVICE_AUTO &&
                           precision == JETSONCAPTION_ENGINE_PRECISION_AUTO &&
                           has_usable_cuda(evidence);
  return choose_engine(device, precision, circumstances);
}

bool has_any_node(const std::vector<std::string>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), exists);
}

bool has_cuda_device(const std::vector<std::string>& nodes, const char* driver) {
  if (!has_any_node(nodes))
    return false;
  set_variables(missing_cuda_variables(std::getenv));
  void* library = dlopen(driver, RTLD_NOW | RTLD_LOCAL);  // stays open: drivers do not like to go
  if (library == nullptr)
    return false;
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
  const auto count_devices = reinterpret_cast<int (*)(int*)>(dlsym(library, "cuDeviceGetCount"));
  int count = 0;
  return init != nullptr && count_devices != nullptr && init(0) == 0 &&
         count_devices(&count) == 0 && count > 0;
}

}  // namespace jetsoncaption
