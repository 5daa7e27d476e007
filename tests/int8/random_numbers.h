// SPDX-License-Identifier: LGPL-2.1-or-later
// Random numbers, the same on every machine, and the kernels that this one can run.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "int8/kernels.h"

namespace jetsoncaption {

class RandomNumbers {
 public:
  explicit RandomNumbers(unsigned seed) : generator_(seed) {}

  int between(int lowest, int highest) {
    return lowest + static_cast<int>(generator_() % static_cast<unsigned>(highest - lowest + 1));
  }
  float between(float lowest, float highest) {
    return lowest + (highest - lowest) * static_cast<float>(generator_() >> 8) / (1 << 24);
  }

  // Now and then only extreme values, so that sums become as large as they can.
  template <typename Integer>
  std::vector<Integer> integers(size_t count, int lowest, int highest) {
    const bool extreme = between(0, 3) == 0;
    std::vector<Integer> values(count);
    for (Integer& value : values) {
      const bool is_lowest = extreme && between(0, 1) == 0;
      value = static_cast<Integer>(!extreme ? between(lowest, highest)
                                            : (is_lowest ? lowest : highest));
    }
    return values;
  }
  std::vector<float> floats(size_t count, float lowest, float highest) {
    std::vector<float> values(count);
    for (float& value : values)
      value = between(lowest, highest);
    return values;
  }

 private:
  std::mt19937 generator_;
};

inline std::string kernels_name(const testing::TestParamInfo<const Int8Kernels*>& info) {
  std::string name = info.param->name;
  for (char& letter : name)
    letter = letter == '-' ? '_' : letter;
  return name;
}

#if defined(JETSONCAPTION_EMULATED_VNNI)
extern const Int8Kernels emulated_vnni_kernels;
#endif

// All kernels that this machine can run, and those that it can emulate.
inline std::vector<const Int8Kernels*> kernels_to_compare() {
  std::vector<const Int8Kernels*> kernels = runnable_int8_kernels();
#if defined(JETSONCAPTION_EMULATED_VNNI)
  if (__builtin_cpu_supports("avx2"))
    kernels.push_back(&emulated_vnni_kernels);
#endif
  return kernels;
}

inline const Int8Kernels& reference() {
  return *runnable_int8_kernels().front();
}

}  // namespace jetsoncaption
