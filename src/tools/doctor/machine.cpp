// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel's files say of this machine and of this process.
#include "tools/doctor/machine.h"

#include <set>
#include <sstream>

#include "base/text.h"

namespace jetsoncaption {

std::vector<std::string> cpu_features(const std::string& cpuinfo) {
  std::vector<std::string> features;
  std::istringstream stream(cpuinfo);
  for (std::string line; std::getline(stream, line);) {
    const size_t colon = line.find(':');
    if (!starts_with(line, "Features") || colon == std::string::npos)
      continue;
    std::istringstream words(line.substr(colon + 1));
    for (std::string word; words >> word;)
      features.push_back(word);
    break;
  }
  return features;
}

std::optional<uint64_t> swap_total_mb(const std::string& meminfo) {
  const std::string field = "SwapTotal:";
  std::istringstream stream(meminfo);
  for (std::string line; std::getline(stream, line);) {
    if (!starts_with(line, field))
      continue;
    std::istringstream number(line.substr(field.size()));
    uint64_t kilobytes = 0;
    if (number >> kilobytes)
      return kilobytes >> 10;
  }
  return std::nullopt;
}

std::vector<std::string> mapped_files(const std::string& maps) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  std::istringstream stream(maps);
  for (std::string line; std::getline(stream, line);) {
    const size_t slash = line.find('/');
    if (slash != std::string::npos && seen.insert(line.substr(slash)).second)
      files.push_back(line.substr(slash));
  }
  return files;
}

std::string mapped_file(const std::string& maps, const std::string& name) {
  for (const std::string& file : mapped_files(maps)) {
    if (starts_with(file.substr(file.rfind('/') + 1), name))
      return file;
  }
  return "";
}

}  // namespace jetsoncaption
