// SPDX-License-Identifier: LGPL-2.1-or-later
// What jetsoncaption-engine-probe found out about the engine and the model.
#include "tools/doctor/engine.h"

#include <csignal>
#include <cstring>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr const char* kProbe = "jetsoncaption-engine-probe";
constexpr std::chrono::seconds kTimeout{120};  // a Nano with a slow card takes half a minute

// Beside this program, as in a build folder, else where it is installed.
std::string find_probe() {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length > 0) {
    const std::string program(self, static_cast<size_t>(length));
    const std::string beside = program.substr(0, program.rfind('/') + 1) + kProbe;
    if (access(beside.c_str(), X_OK) == 0)
      return beside;
  }
  return std::string(JETSONCAPTION_LIBEXEC_DIR "/") + kProbe;
}

std::string end_of(const ChildResult& probe) {
  if (probe.timed_out)
    return "it took longer than " + std::to_string(kTimeout.count()) +
           " s. Look with dmesg whether the disk or memory is at fault.";
  if (probe.signal == SIGILL)
    return "the process was ended by signal 4, an illegal instruction: LibTorch was built for "
           "another processor. Use NVIDIA's build for this board, or build LibTorch on it.";
  if (probe.signal == SIGKILL)
    return "the process was killed: memory ran out. End other programs, or use a smaller model.";
  if (probe.signal != 0)
    return "the process was ended by signal " + std::to_string(probe.signal) + ", " +
           strsignal(probe.signal) + ". Install another build of LibTorch.";
  return "it ended without saying why.";
}

template <typename Value>
void take(const nlohmann::json& line, const char* name, Value& value) {
  const auto found = line.find(name);
  if (found != line.end())
    value = found->get<Value>();
}

// LibTorch may print lines of its own.
std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    auto parsed = nlohmann::json::parse(line, nullptr, false);
    if (parsed.is_object())
      lines.push_back(std::move(parsed));
  }
  return lines;
}

}  // namespace

EngineFacts read_probe(const ChildResult& probe, const std::string& model) {
  EngineFacts facts;
  for (const nlohmann::json& line : json_lines(probe.output)) {
    facts.was_loaded = facts.was_loaded || line.count("model") > 0;
    take(line, "opened", facts.path);
    take(line, "open_error", facts.open_error);
    take(line, "load_error", facts.load_error);
    take(line, "model", facts.model);
    take(line, "precision", facts.precision);
    take(line, "kernels", facts.kernels);
    take(line, "version", facts.version);
    take(line, "threads", facts.threads);
    take(line, "self_test", facts.self_test);
    take(line, "self_test_failure", facts.self_test_failure);
    take(line, "device_fallback", facts.device_fallback);
    take(line, "used_mb", facts.used_mb);
  }
  if (facts.path.empty() && facts.open_error.empty())
    facts.open_error = "The engine could not be opened: " + end_of(probe);
  if (!facts.path.empty() && !model.empty() && !facts.was_loaded && facts.load_error.empty())
    facts.load_error = "The model in " + model + " could not be loaded: " + end_of(probe);
  return facts;
}

EngineFacts probe_engine(const std::string& model) {
  std::vector<std::string> arguments = {find_probe()};
  if (!model.empty())
    arguments.push_back(model);
  const auto probe = run_child(arguments, kTimeout);
  if (probe.ok())
    return read_probe(probe.value(), model);
  EngineFacts facts;
  facts.open_error = "The engine could not be tried: " + probe.error().message +
                     ". Install the program completely, with meson install.";
  return facts;
}

}  // namespace jetsoncaption
