// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the pictures of the benchmark and asks the kernel what the machine is.
#include "tools/bench_setup.h"

#include <cstdlib>
#include <fstream>

#include <sched.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

// x86 kernels give "model name" in /proc/cpuinfo; Jetson and other ARM boards have a device tree.
std::string cpu_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const size_t colon = line.find(": ");
    if (line.compare(0, 10, "model name") == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  std::ifstream board("/proc/device-tree/model");
  std::string name;
  std::getline(board, name, '\0');
  return name.empty() ? "unknown" : name;
}

int usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) == 0)
    return CPU_COUNT(&cores);
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

Image make_bench_picture(int width, int height, int number) {
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.reserve(static_cast<size_t>(width) * height * 3);
  const int tile = 40 + 8 * (number % 16);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool raised = ((x / tile) ^ (y / tile) ^ number) % 3 == 0;
      image.pixels.push_back(static_cast<uint8_t>(255LL * x / width));
      image.pixels.push_back(static_cast<uint8_t>(255LL * y / height));
      image.pixels.push_back(static_cast<uint8_t>(raised ? 200 : (x + y + 37 * number) & 127));
    }
  }
  return image;
}

MachineDescription describe_machine() {
  MachineDescription machine;
  machine.cpu = cpu_name();
  machine.cores = usable_cores();
  machine.memory_mb = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
  return machine;
}

double peak_memory_mb() {
  // Not getrusage(), which also knows of the program that started this one.
  std::ifstream status("/proc/self/status");
  const std::string key = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, key.size(), key) == 0)
      return std::strtod(line.c_str() + key.size(), nullptr) / 1024;
  }
  return 0;
}

}  // namespace jetsoncaption
