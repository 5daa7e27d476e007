// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption doctor`: looks whether all that a caption needs works here, and says what to do.
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/torch_environment.h"
#include "engine/engine_choice.h"
#include "memory/sampler.h"
#include "tools/commands.h"
#include "tools/doctor/checks.h"
#include "tools/doctor/libtorch.h"
#include "tools/doctor/machine.h"
#include "tools/figures.h"
#include "tools/model_options.h"

#include <CLI/CLI.hpp>
#include <dlfcn.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace jetsoncaption {
namespace {

struct DoctorArguments {
  std::string model;
  bool json = false;
};

std::string read_text(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// "R32 (release), REVISION: 7.1, ..." on Jetson boards, outside of most containers.
std::string board_release() {
  const std::string text = read_text("/etc/nv_tegra_release");
  const size_t start = text.find_first_not_of("# ");
  return start == std::string::npos ? "" : text.substr(start, text.find('\n') - start);
}

LibtorchFacts facts_of(const LibtorchProbe& probe) {
  LibtorchFacts libtorch;
  libtorch.version = probe.version;
  libtorch.failure = probe.failure;
  libtorch.quantized_engines = probe.quantized_engines;
  libtorch.file = mapped_file(probe.maps, "libtorch_cpu.so");
  const std::string folder = libtorch.file.substr(0, libtorch.file.rfind('/') + 1);
  libtorch.is_for_cuda = access((folder + "libtorch_cuda.so").c_str(), F_OK) == 0;
  libtorch.is_on_arm64 = this_processor().is_arm64;
  libtorch.cpu_features = cpu_features(read_text("/proc/cpuinfo"));
  return libtorch;
}

CudaFacts look_for_cuda(const LibtorchProbe& libtorch) {
  CudaFacts cuda;
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  cuda.has_driver = driver != nullptr;
  if (driver != nullptr)
    dlclose(driver);
  cuda.in_libtorch = libtorch.has_cuda;
  return cuda;
}

// JetPack 4 and 5 have "tegra", from JetPack 6 on it is "nvidia".
NvmmFacts look_for_nvmm() {
  NvmmFacts nvmm;
  nvmm.is_jetson = access("/dev/nvmap", F_OK) == 0 || access("/etc/nv_tegra_release", F_OK) == 0;
  for (const std::string folder :
       {"/usr/lib/aarch64-linux-gnu/tegra", "/usr/lib/aarch64-linux-gnu/nvidia"}) {
    for (const char* library : {"libnvbuf_utils.so", "libnvbufsurface.so",
                                "libnvbufsurftransform.so", "libnvdsbufferpool.so"}) {
      const std::string path = folder + "/" + library;
      if (access(path.c_str(), F_OK) == 0)
        nvmm.libraries.push_back(path);
    }
  }
  return nvmm;
}

MemoryFacts look_at_memory(const MachineDescription& machine, const EngineFacts& engine) {
  const MemorySampler sampler;
  MemoryFacts memory;
  memory.total_mb = static_cast<uint64_t>(machine.memory_mb);
  memory.available_mb = sampler.sample().available_bytes >> 20;
  memory.cgroup_limit_mb = sampler.limit_bytes() >> 20;
  memory.needed_mb = engine.used_mb;
  memory.swap_mb = swap_total_mb(read_text("/proc/meminfo"));
  return memory;
}

std::vector<Check> examine(const DoctorArguments& arguments) {
  const MachineDescription machine = describe_machine();
  const GstreamerFacts gstreamer = look_at_gstreamer();
  const auto found = find_model(arguments.model);
  ModelChoiceFacts choice;
  if (found.ok())
    choice.directory = found.value();
  else
    choice.error = found.error().message;
  const EngineChoice engine_choice = choose_engine(
      JETSONCAPTION_ENGINE_DEVICE_AUTO, JETSONCAPTION_ENGINE_PRECISION_AUTO, choice.directory);
  const EngineFacts engine = probe_engine(name_of(engine_choice.kind), choice.directory);
  const LibtorchProbe libtorch = probe_libtorch();
  std::vector<Check> checks = {check_machine(machine, board_release()), check_gstreamer(gstreamer),
                               check_plugin(gstreamer, JETSONCAPTION_VERSION),
                               check_engine(engine)};
  checks.push_back(check_libtorch(facts_of(libtorch)));
  if (libtorch.is_here) {
    const EngineFacts torch_engine = probe_engine(name_of(EngineKind::Torch), "");
    checks.push_back(check_torch_engine(torch_engine));
    checks.push_back(check_arithmetic(libtorch.difference));
    checks.push_back(check_blas(libtorch.blas_provider, libtorch.maps, libtorch.blas_kernels));
  }
  checks.push_back(check_cuda(look_for_cuda(libtorch)));
  checks.push_back(check_nvmm(look_for_nvmm()));
  checks.push_back(check_memory(look_at_memory(machine, engine)));
  checks.push_back(check_model(choice, engine));
  checks.push_back(check_self_test(engine));
  return checks;
}

int count_failed(const std::vector<Check>& checks) {
  int failed = 0;
  for (const Check& check : checks)
    failed += check.status == CheckStatus::Failed ? 1 : 0;
  return failed;
}

void print_json(const std::vector<Check>& checks) {
  auto list = nlohmann::json::array();
  for (const Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"status", status_word(check.status)},
                    {"finding", check.finding},
                    {"remedy", check.remedy}});
  }
  std::cout << format_json({{"version", JETSONCAPTION_VERSION},
                            {"ok", count_failed(checks) == 0},
                            {"checks", list}})
            << std::endl;
}

void print_text(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    std::cout << std::left << std::setw(10) << status_word(check.status) << std::setw(11)
              << check.name << check.finding << '\n';
    if (!check.remedy.empty())
      std::cout << std::string(10, ' ') << "-> " << check.remedy << '\n';
  }
  const int failed = count_failed(checks);
  std::cout << '\n';
  if (failed == 0)
    std::cout << "All that is needed works." << std::endl;
  else
    std::cout << failed << " of " << checks.size() << " checks failed." << std::endl;
}

}  // namespace

void add_doctor_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App& command = *program.add_subcommand(
      "doctor", "Look whether all that captions need works here, and say what to do");
  add_model_directory_option(command, arguments->model);
  command.add_flag("--json", arguments->json, "Print the checks as a JSON object");
  command.footer(
      "A line for each check: ok, warning (works, but badly), failed (something that is needed),\n"
      "not here (something that is not). Exit code 1 when a check failed.\n"
      "docs/troubleshooting.md explains the problems it finds.\n"
      "Examples:\n"
      "  jetsoncaption doctor\n"
      "  jetsoncaption doctor --model my-model --json");
  command.callback([arguments, &exit_code] {
    const std::vector<Check> checks = examine(*arguments);
    if (arguments->json)
      print_json(checks);
    else
      print_text(checks);
    exit_code = count_failed(checks) == 0 ? kAllWell : kSomeFailed;
  });
}

}  // namespace jetsoncaption
