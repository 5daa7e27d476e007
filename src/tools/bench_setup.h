// SPDX-License-Identifier: LGPL-2.1-or-later
// What `jetsoncaption bench` measures with: pictures without files, and a description of the
// machine.
#pragma once

#include <string>
#include <vector>

#include "image/image_view.h"

namespace jetsoncaption {

// A picture of smooth colours and sharp shapes from a formula; another one for each number. The
// same on every machine.
Image make_bench_picture(int width, int height, int number);

struct MachineDescription {
  std::string cpu;       // as the kernel names it; "unknown" when it does not
  int cores = 0;         // this process may run on
  double memory_mb = 0;  // of the system, in units of 2^20 bytes
};

MachineDescription describe_machine();

// The most memory of this process that was ever resident, in units of 2^20 bytes, as the kernel
// counts it; 0 where it does not.
double peak_memory_mb();

}  // namespace jetsoncaption
