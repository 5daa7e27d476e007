// SPDX-License-Identifier: LGPL-2.1-or-later
// What `jetsoncaption doctor` makes of what it found: a verdict, and what to do. Pure functions.
#include "tools/doctor/checks.h"

#include <algorithm>

#include "base/text.h"
#include "engine/engine_api.h"
#include "tools/doctor/machine.h"
#include "tools/figures.h"

namespace jetsoncaption {
namespace {

constexpr uint64_t kDefaultThresholdMb = 2500;  // of the element's memory-threshold
constexpr uint64_t kLeastFreeMb = 100;          // to spare for the pipeline
constexpr uint64_t kNeedsNoSwapMb = 5 * 1024;   // boards of 4 GB are short of memory at times

std::string join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : between) + word;
  return text;
}

std::string megabytes(uint64_t value) {
  return std::to_string(value) + " MB";
}

// The mapped files whose name may be that of a BLAS.
std::vector<std::string> blas_files(const std::string& maps) {
  std::vector<std::string> files = mapped_files(maps);
  const auto is_no_blas = [](const std::string& file) {
    const std::string name = file.substr(file.rfind('/') + 1);
    for (const char* start :
         {"libblas", "libopenblas", "libmkl_", "libblis", "libatlas", "libf77bl"}) {
      if (starts_with(name, start))
        return false;
    }
    return true;
  };
  files.erase(std::remove_if(files.begin(), files.end(), is_no_blas), files.end());
  return files;
}

// Generic wheels use instructions that came with ARMv8.1 and 8.2, and do not always ask before.
// NVIDIA's for the boards lie in the same folders; they can be told by CUDA, which the generic ones
// for the processors in question do not have.
std::vector<std::string> features_missing_for_wheels(const LibtorchFacts& libtorch) {
  const bool is_wheel =
      contains(libtorch.file, "/site-packages/") || contains(libtorch.file, "/dist-packages/");
  if (!is_wheel || libtorch.is_for_cuda || !libtorch.is_on_arm64 || libtorch.cpu_features.empty())
    return {};
  std::vector<std::string> missing;
  for (const char* feature : {"atomics", "asimddp"}) {
    const auto& features = libtorch.cpu_features;
    if (std::find(features.begin(), features.end(), feature) == features.end())
      missing.emplace_back(feature);
  }
  return missing;
}

bool is_reference_blas(const std::string& file) {
  const std::string name = file.substr(file.rfind('/') + 1);
  if (!starts_with(name, "libblas"))
    return false;
  // OpenBLAS, BLIS and ATLAS install a libblas.so.3 of their own in a folder of their name.
  for (const char* folder : {"/openblas", "/blis", "/atlas", "/mkl"}) {
    if (contains(file, folder))
      return false;
  }
  return true;
}

// One for each thing that is wrong with the memory.
std::vector<std::string> memory_remedies(const MemoryFacts& memory) {
  std::vector<std::string> remedies;
  const uint64_t wanted = memory.needed_mb + kLeastFreeMb;
  const uint64_t most = memory.cgroup_limit_mb > 0 && memory.cgroup_limit_mb < memory.total_mb
                            ? memory.cgroup_limit_mb
                            : memory.total_mb;
  if (memory.available_mb > 0 && memory.available_mb < wanted) {
    remedies.push_back("Captions and a pipeline need some " + megabytes(wanted) + ", which is " +
                       megabytes(wanted - memory.available_mb) +
                       " more than there is: end other programs, add swap, or use a smaller "
                       "model.");
  } else if (most > 0 && most < kDefaultThresholdMb) {
    remedies.push_back("The element's memory-threshold of " + megabytes(kDefaultThresholdMb) +
                       " is never reached here, because the kernel ends the process before: set "
                       "it to some " +
                       std::to_string(most * 3 / 4) + ".");
  }
  if (memory.swap_mb == uint64_t{0} && memory.total_mb > 0 && memory.total_mb < kNeedsNoSwapMb) {
    remedies.push_back("With " + megabytes(memory.total_mb) +
                       " and no swap the kernel ends a process as soon as memory is short: turn "
                       "zram on (on a Jetson board systemctl enable --now nvzramconfig), or add a "
                       "swap file; docs/jetson.md says how.");
  }
  return remedies;
}

}  // namespace

const char* status_word(CheckStatus status) {
  switch (status) {
    case CheckStatus::Ok:
      return "ok";
    case CheckStatus::Warning:
      return "warning";
    case CheckStatus::Failed:
      return "failed";
    case CheckStatus::NotHere:
      break;
  }
  return "not here";
}

Check check_machine(const MachineDescription& machine, const std::string& board) {
  return {"machine", CheckStatus::Ok,
          machine.cpu + ", " + std::to_string(machine.cores) + " cores, " +
              format_fixed(machine.memory_mb / 1024, 1) + " GB" +
              (board.empty() ? "" : ", L4T " + board),
          ""};
}

Check check_gstreamer(const GstreamerFacts& gstreamer) {
  if (gstreamer.version.empty())
    return {"gstreamer", CheckStatus::NotHere, "this build has none: no pictures are read", ""};
  if (!gstreamer.init_error.empty()) {
    return {"gstreamer", CheckStatus::Failed,
            "GStreamer " + gstreamer.version + " does not start: " + gstreamer.init_error,
            "Install it again: apt-get install --reinstall libgstreamer1.0-0."};
  }
  if (!gstreamer.missing_elements.empty()) {
    return {"gstreamer", CheckStatus::Warning,
            gstreamer.version + ", without " + join(gstreamer.missing_elements, ", "),
            "apt-get install gstreamer1.0-plugins-base; most pipelines need these elements."};
  }
  return {"gstreamer", CheckStatus::Ok, gstreamer.version, ""};
}

Check check_plugin(const GstreamerFacts& gstreamer, const std::string& program_version) {
  if (gstreamer.version.empty())
    return {"plugin", CheckStatus::NotHere, "this build has no GStreamer", ""};
  Check check{"plugin", CheckStatus::Failed, "", ""};
  if (gstreamer.plugin_file.empty()) {
    check.finding =
        "GStreamer knows no element jetsoncaption, and there is no "
        "libgstjetsoncaption.so in " +
        join(gstreamer.searched, ", ");
    check.remedy =
        "Install it with meson install, or set GST_PLUGIN_PATH to the folder of the "
        "file; in the source tree, . scripts/env.sh does that.";
    return check;
  }
  if (!gstreamer.load_error.empty()) {
    check.finding = gstreamer.plugin_file + " cannot be loaded" +
                    (gstreamer.is_blacklisted ? ", and is blacklisted: " : ": ") +
                    gstreamer.load_error;
    check.remedy =
        "Install what is missing, or build the plugin again with scripts/setup.sh. Then "
        "delete the registry, so that GStreamer tries again: rm "
        "~/.cache/gstreamer-1.0/registry.*.bin.";
    return check;
  }
  if (gstreamer.is_blacklisted) {
    check.finding = gstreamer.plugin_file +
                    " can be loaded, but is blacklisted: that failed when GStreamer tried it";
    check.remedy =
        "Delete the registry, so that GStreamer tries again: rm "
        "~/.cache/gstreamer-1.0/registry.*.bin.";
    return check;
  }
  if (!gstreamer.is_registered) {
    check.finding =
        "GStreamer knows no element jetsoncaption, but " + gstreamer.plugin_file + " can be loaded";
    const std::string folder = gstreamer.plugin_file.substr(0, gstreamer.plugin_file.rfind('/'));
    check.remedy = "Set GST_PLUGIN_PATH=" + folder +
                   ", or delete the registry if that folder is "
                   "GStreamer's own: rm ~/.cache/gstreamer-1.0/registry.*.bin.";
    return check;
  }
  check.finding = gstreamer.plugin_version + ", " + gstreamer.plugin_file;
  check.status = CheckStatus::Ok;
  if (gstreamer.plugin_version != program_version) {
    check.status = CheckStatus::Warning;
    check.finding += ", but this program is " + program_version;
    check.remedy = "Install the plugin and the program from one release.";
  }
  return check;
}

Check check_engine(const EngineFacts& engine) {
  if (engine.path.empty()) {
    // The sentence of the engine's loader ends with the remedy.
    return {"engine", CheckStatus::Failed, engine.open_error,
            contains(engine.open_error, "static TLS")
                ? "glibc keeps little room for libraries that are loaded late and want it; a "
                  "library that is preloaded gets it first. docs/troubleshooting.md says more."
                : "docs/troubleshooting.md says more."};
  }
  return {"engine", CheckStatus::Ok, engine.path, ""};
}

Check check_torch_engine(const EngineFacts& engine) {
  if (!engine.path.empty())
    return {"fp32", CheckStatus::Ok, engine.path, ""};
  Check check = check_engine(engine);
  check.name = "fp32";
  check.status = CheckStatus::Warning;
  check.finding = "precision fp32 and fp16 and device cuda cannot be had: " + check.finding;
  return check;
}

Check check_libtorch(const LibtorchFacts& libtorch) {
  if (libtorch.version.empty() && libtorch.failure.empty()) {
    return {"libtorch", CheckStatus::NotHere,
            "there is no LibTorch, which only precision fp32 and fp16, device cuda and training "
            "need",
            ""};
  }
  if (libtorch.version.empty()) {
    return {"libtorch", CheckStatus::Warning,
            "precision fp32 and fp16, device cuda and training cannot be had: " + libtorch.failure,
            "docs/troubleshooting.md says more."};
  }
  Check check{"libtorch", CheckStatus::Ok, libtorch.version, ""};
  if (!libtorch.file.empty())
    check.finding += ", " + libtorch.file;
  check.finding += ", quantized engines: " + (libtorch.quantized_engines.empty()
                                                  ? "none (none is needed)"
                                                  : join(libtorch.quantized_engines, ", "));
  const std::vector<std::string> missing = features_missing_for_wheels(libtorch);
  if (!missing.empty()) {
    check.status = CheckStatus::Warning;
    check.finding +=
        ". It is a Python wheel for 64-bit ARM in general, which may end with an "
        "illegal instruction here: this processor has no " +
        join(missing, " and no ");
    check.remedy =
        "Use NVIDIA's LibTorch for this board (docs/jetson.md says which), or Debian's package "
        "libtorch-dev.";
  }
  return check;
}

Check check_arithmetic(const std::string& difference) {
  if (difference.empty()) {
    return {"arithmetic", CheckStatus::Ok,
            "LibTorch computes here what it should, as far as it was tried", ""};
  }
  return {"arithmetic", CheckStatus::Failed, "LibTorch computes wrongly here: " + difference,
          "Install another build of LibTorch; on JetPack 4 NVIDIA's 1.10. docs/troubleshooting.md "
          "says which are known."};
}

Check check_blas(const std::string& provider, const std::string& maps, const std::string& kernels) {
  const std::vector<std::string> files =
      provider.empty() ? blas_files(maps) : std::vector<std::string>{provider};
  const auto fast = std::find_if_not(files.begin(), files.end(), is_reference_blas);
  if (files.empty() || fast != files.end()) {
    const std::string found = files.empty() ? "LibTorch brings its own" : *fast;
    return {"blas", CheckStatus::Ok, kernels.empty() ? found : found + ", kernels of " + kernels,
            ""};
  }
  return {"blas", CheckStatus::Warning,
          files.front() +
              " is the reference BLAS, which multiplies matrices some 40 times slower than "
              "OpenBLAS; precision fp32 suffers most",
          "apt install libopenblas0-pthread; where it is installed, choose it with "
          "update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu."};
}

Check check_cuda(const CudaFacts& cuda) {
  if (!cuda.has_driver) {
    return {"cuda", CheckStatus::NotHere, "there is no libcuda.so.1; captions are made on the CPU",
            ""};
  }
  if (!cuda.in_libtorch) {
    return {"cuda", CheckStatus::NotHere,
            "there is a driver, but this LibTorch was built without CUDA; captions are made on "
            "the CPU",
            "For CUDA, build with -Dtorch_dir= and NVIDIA's LibTorch; the CPU with precision int8 "
            "needs less memory."};
  }
  return {"cuda", CheckStatus::Ok, "there is a driver, and LibTorch was built with CUDA", ""};
}

Check check_nvmm(const NvmmFacts& nvmm) {
  if (!nvmm.libraries.empty())
    return {"nvmm", CheckStatus::Ok, join(nvmm.libraries, ", "), ""};
  if (!nvmm.is_jetson) {
    return {"nvmm", CheckStatus::NotHere,
            "no libnvbufsurface.so or libnvbuf_utils.so; this is no Jetson board", ""};
  }
  return {"nvmm", CheckStatus::Warning,
          "this is a Jetson board, but there is no libnvbufsurface.so or libnvbuf_utils.so in "
          "/usr/lib/aarch64-linux-gnu/tegra or /usr/lib/aarch64-linux-gnu/nvidia",
          "Start the container with --runtime nvidia, or install nvidia-l4t-multimedia; else put "
          "nvvidconv before the element."};
}

Check check_memory(const MemoryFacts& memory) {
  Check check{"memory", CheckStatus::Ok, "", ""};
  check.finding =
      megabytes(memory.total_mb) + " in all, " + megabytes(memory.available_mb) + " to be had, " +
      (memory.cgroup_limit_mb == 0 ? "no cgroup limit"
                                   : "cgroup limit " + megabytes(memory.cgroup_limit_mb));
  if (memory.swap_mb)
    check.finding +=
        *memory.swap_mb == 0 ? ", no swap" : ", " + megabytes(*memory.swap_mb) + " of swap";
  if (memory.needed_mb > 0)
    check.finding += "; engine and model need " + megabytes(memory.needed_mb);

  const std::vector<std::string> remedies = memory_remedies(memory);
  if (!remedies.empty())
    check.status = CheckStatus::Warning;
  check.remedy = join(remedies, " ");
  return check;
}

Check check_model(const ModelChoiceFacts& choice, const EngineFacts& engine) {
  Check check{"model", CheckStatus::Failed, "", ""};
  if (choice.directory.empty()) {
    check.finding = choice.error;
    return check;
  }
  if (engine.path.empty()) {
    check.status = CheckStatus::NotHere;
    check.finding = choice.directory + " was not tried, because there is no engine";
    return check;
  }
  if (!engine.was_loaded) {
    check.finding = engine.load_error;
    check.remedy =
        "Name another bundle with --model or $JETSONCAPTION_MODEL, or get this one "
        "again.";
    return check;
  }
  check.status = CheckStatus::Ok;
  check.finding = engine.model + " in " + choice.directory + ", " + engine.precision + ", " +
                  engine.kernels + " kernels, " + std::to_string(engine.threads) +
                  (engine.threads == 1 ? " thread" : " threads");
  if (!engine.device_fallback.empty()) {
    check.status = CheckStatus::Warning;
    check.finding += ". " + engine.device_fallback;
    check.remedy = "docs/memory.md says what the GPU needs memory for.";
    return check;
  }
  if (engine.kernels == "dequantized") {
    check.status = CheckStatus::Warning;
    check.finding += ": int8 weights are turned back into fp32, which is slower and larger";
    check.remedy = "Choose precision fp16, which CUDA computes fastest, or device cpu.";
  }
  return check;
}

Check check_self_test(const EngineFacts& engine) {
  Check check{"self-test", CheckStatus::NotHere, "", ""};
  if (!engine.was_loaded) {
    check.finding = "no model was loaded";
    return check;
  }
  switch (engine.self_test) {
    case JETSONCAPTION_ENGINE_SELF_TEST_PASSED:
      check.status = CheckStatus::Ok;
      check.finding = "the model says here what it said where it was made";
      return check;
    case JETSONCAPTION_ENGINE_SELF_TEST_FAILED:
      check.status = CheckStatus::Failed;
      check.finding = engine.self_test_failure;
      check.remedy =
          "Some LibTorch builds for Jetson boards compute wrongly; "
          "docs/troubleshooting.md says which.";
      return check;
    default:
      check.finding = "the bundle stores none for " + engine.precision;
      check.remedy =
          "Write one where captions are known to be right: jetsoncaption self-test "
          "--model DIR --write.";
      return check;
  }
}

}  // namespace jetsoncaption
