// SPDX-License-Identifier: LGPL-2.1-or-later
// What `jetsoncaption doctor` makes of what it found: a verdict, and what to do. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench_setup.h"
#include "tools/doctor/engine.h"
#include "tools/doctor/gstreamer.h"

namespace jetsoncaption {

enum class CheckStatus {
  Ok,
  Warning,  // works, but badly
  Failed,   // something that is needed does not work
  NotHere,  // something that is not needed is missing
};

// "ok", "warning", "failed", "not here"
const char* status_word(CheckStatus status);

struct Check {
  std::string name;  // one word
  CheckStatus status = CheckStatus::Ok;
  std::string finding;  // what is there
  std::string remedy;   // what to do; empty when there is nothing to do
};

// `board`: the first line of /etc/nv_tegra_release, "" where there is none.
Check check_machine(const MachineDescription& machine, const std::string& board);

Check check_gstreamer(const GstreamerFacts& gstreamer);
Check check_plugin(const GstreamerFacts& gstreamer, const std::string& program_version);
Check check_engine(const EngineFacts& engine);

// The engine with LibTorch, which only fp32, fp16 and CUDA need.
Check check_torch_engine(const EngineFacts& engine);

struct LibtorchFacts {
  std::string version;  // empty: there is none, or it does not work
  std::string failure;  // then, how it ends; empty: there is none
  std::vector<std::string> quantized_engines;
  std::string file;                       // its libtorch_cpu.so; "" if not known
  bool is_for_cuda = false;               // libtorch_cuda.so lies beside it
  bool is_on_arm64 = false;               // the processor
  std::vector<std::string> cpu_features;  // of ARM processors; empty if not known
};
Check check_libtorch(const LibtorchFacts& libtorch);

// `difference`: what LibTorch computes wrongly; "" where nothing was found.
Check check_arithmetic(const std::string& difference);

// `provider`: the file whose matrix product a process with LibTorch finds first, without links; ""
// where LibTorch keeps its own to itself. `maps`: the text of /proc/self/maps, which then has to
// do. `kernels`: which ones OpenBLAS chose, "" with another BLAS.
Check check_blas(const std::string& provider, const std::string& maps,
                 const std::string& kernels = "");

struct CudaFacts {
  bool has_driver = false;  // libcuda.so.1 can be opened
  bool in_libtorch = false;
};
Check check_cuda(const CudaFacts& cuda);

struct NvmmFacts {
  bool is_jetson = false;
  std::vector<std::string> libraries;  // paths
};
Check check_nvmm(const NvmmFacts& nvmm);

struct MemoryFacts {
  uint64_t total_mb = 0;
  uint64_t available_mb = 0;        // what the system or the cgroup can still give
  uint64_t cgroup_limit_mb = 0;     // 0: none
  uint64_t needed_mb = 0;           // by engine and model; 0: not known
  std::optional<uint64_t> swap_mb;  // nullopt: not known
};
Check check_memory(const MemoryFacts& memory);

struct ModelChoiceFacts {
  std::string directory;  // of the bundle; empty: there is none
  std::string error;      // then, a sentence that says where it was looked for
};
Check check_model(const ModelChoiceFacts& choice, const EngineFacts& engine);
Check check_self_test(const EngineFacts& engine);

}  // namespace jetsoncaption
