// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the doctor's helpers and reads what they say.
#include "tools/doctor/probe.h"

#include <csignal>
#include <cstring>
#include <sstream>
#include <utility>

#include <unistd.h>

namespace jetsoncaption {

std::string find_probe(const std::string& name) {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length > 0) {
    const std::string program(self, static_cast<size_t>(length));
    const std::string beside = program.substr(0, program.rfind('/') + 1) + name;
    if (access(beside.c_str(), X_OK) == 0)
      return beside;
  }
  return std::string(JETSONCAPTION_LIBEXEC_DIR "/") + name;
}

std::string end_of_probe(const ChildResult& probe) {
  if (probe.timed_out)
    return "it took longer than " + std::to_string(kProbeTimeout.count()) +
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

}  // namespace jetsoncaption
