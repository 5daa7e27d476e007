// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the two engines a captioner needs.
#pragma once

#include <string>
#include <vector>

#include "engine/engine_api.h"

namespace jetsoncaption {

enum class EngineKind { Int8, Torch };
constexpr int kEngineKinds = 2;

const char* name_of(EngineKind kind);  // "int8", "torch": in the name of its file

// What the choice depends on besides the wishes.
struct EngineCircumstances {
  bool has_int8_weights = false;
  bool has_master_weights = false;
  bool has_cuda = false;  // this build, and a device that works
};

struct EngineChoice {
  EngineKind kind = EngineKind::Int8;
  bool or_int8 = false;  // where the other cannot be had
};

// LibTorch only for what int8 on the CPU cannot do, or where Auto finds a GPU.
EngineChoice choose_engine(JetsonCaptionEngineDevice device, JetsonCaptionEnginePrecision precision,
                           const EngineCircumstances& circumstances);

// What is taken for a GPU that works.
enum class CudaEvidence {
  Nodes,   // its files in /dev: no code of the driver runs in this process
  Driver,  // a device that the driver knows
};

// Looks at the files of a bundle and, where the choice depends on it, for a GPU.
EngineChoice choose_engine(JetsonCaptionEngineDevice device, JetsonCaptionEnginePrecision precision,
                           const std::string& model_dir,
                           CudaEvidence evidence = CudaEvidence::Driver);

bool has_any_node(const std::vector<std::string>& nodes);

// Whether CUDA's driver knows a device, asked without LibTorch. Where none of `nodes` exists, it is
// not even opened. Sets what CUDA is to find in the environment first (base/torch_environment.h).
bool has_cuda_device(const std::vector<std::string>& nodes, const char* driver);

}  // namespace jetsoncaption
