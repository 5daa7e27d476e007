// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel says of a process.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>

#include <dirent.h>

namespace jetsoncaption {

// A figure of a file below /proc that has lines "Name:  123 kB"; 0 when there is none.
inline double megabytes(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size() + 1, name + ":") == 0)
      return static_cast<double>(std::atol(line.c_str() + name.size() + 1)) / 1024;
  }
  return 0;
}

inline int entries_of(const char* path) {
  int count = 0;
  if (DIR* directory = opendir(path)) {
    while (const dirent* entry = readdir(directory))
      count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(directory);
  }
  return count;
}

}  // namespace jetsoncaption
