// SPDX-License-Identifier: LGPL-2.1-or-later
// What jetsoncaption-torch-probe found out about LibTorch.
#include "tools/doctor/libtorch.h"

#include "tools/doctor/probe.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

constexpr const char* kProbe = "jetsoncaption-torch-probe";

}  // namespace

LibtorchProbe read_libtorch_probe(const ChildResult& probe) {
  LibtorchProbe facts;
  const auto lines = json_lines(probe.output);
  if (lines.empty()) {
    // Without LibTorch the dynamic linker ends it, with an exit code and a line of its own.
    if (probe.signal != 0 || probe.timed_out)
      facts.failure = end_of_probe(probe);
    return facts;
  }
  const nlohmann::json& line = lines.back();
  facts.is_here = true;
  facts.version = line.value("version", "");
  facts.quantized_engines = line.value("quantized_engines", std::vector<std::string>{});
  facts.has_cuda = line.value("has_cuda", false);
  facts.blas_provider = line.value("blas_provider", "");
  facts.blas_kernels = line.value("blas_kernels", "");
  facts.maps = line.value("maps", "");
  facts.difference = line.value("difference", "");
  return facts;
}

LibtorchProbe probe_libtorch() {
  const auto probe = run_child({find_probe(kProbe)}, kProbeTimeout);
  return probe.ok() ? read_libtorch_probe(probe.value()) : LibtorchProbe{};
}

}  // namespace jetsoncaption
