// SPDX-License-Identifier: LGPL-2.1-or-later
// A shared library of the board, opened by its name, and its functions.
#include "plugin/frames/nvmm/dynamic_library.h"

#include <array>

#include <dlfcn.h>

namespace jetsoncaption {

namespace {

// JetPack 4 and 5, then 6 and later. Both are known to the dynamic loader on a board, but not in
// each container.
constexpr std::array<const char*, 2> kFolders = {"/usr/lib/aarch64-linux-gnu/tegra",
                                                 "/usr/lib/aarch64-linux-gnu/nvidia"};
constexpr const char* kVersion = ".1.0.0";  // of a file without the link that has none

}  // namespace

DynamicLibrary DynamicLibrary::open(const std::string& name) {
  DynamicLibrary library;
  const auto attempt = [&library](const std::string& file) {
    if (library.handle_ == nullptr)
      library.handle_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  };
  attempt(name);
  attempt(name + kVersion);
  for (const std::string folder : kFolders) {
    attempt(folder + "/" + name);
    attempt(folder + "/" + name + kVersion);
  }
  return library;
}

std::string DynamicLibrary::places(const std::string& name) {
  std::string places = "by the name " + name + " or " + name + kVersion;
  places += std::string(", and in ") + kFolders[0] + " and " + kFolders[1];
  return places;
}

void* DynamicLibrary::find(const char* function) const {
  return handle_ != nullptr ? dlsym(handle_, function) : nullptr;
}

}  // namespace jetsoncaption
