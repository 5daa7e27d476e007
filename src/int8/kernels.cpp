// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks what the processor can do, and lays out weights.
#include "int8/kernels.h"

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "int8/instruction_sets.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace jetsoncaption {
namespace {

#if defined(JETSONCAPTION_NEON_DOT)
constexpr unsigned long kHasDotProducts = 1UL << 20;  // HWCAP_ASIMDDP, which old headers lack
#endif

std::vector<const Int8Kernels*> find_runnable() {
  std::vector<const Int8Kernels*> runnable{&reference_kernels};
#if defined(JETSONCAPTION_AVX2)
  if (__builtin_cpu_supports("avx2"))
    runnable.push_back(&avx2_kernels);
#endif
#if defined(JETSONCAPTION_AVX_VNNI)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("avxvnni"))
    runnable.push_back(&avx_vnni_kernels);
#endif
#if defined(JETSONCAPTION_AVX512_VNNI)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
    runnable.push_back(&avx512_vnni_kernels);
#endif
#if defined(JETSONCAPTION_NEON)
  runnable.push_back(&neon_kernels);
#endif
#if defined(JETSONCAPTION_NEON_DOT)
  if ((getauxval(AT_HWCAP) & kHasDotProducts) != 0)
    runnable.push_back(&neon_dot_kernels);
#endif
  return runnable;
}

}  // namespace

PageVector<int8_t> pack_weights(const int8_t* weights, int outputs, int inputs, int group) {
  const int groups = round_up(inputs, group) / group;
  const int blocks = round_up(outputs, kChannelBlock) / kChannelBlock;
  PageVector<int8_t> packed(static_cast<size_t>(blocks) * static_cast<size_t>(groups) *
                            static_cast<size_t>(kChannelBlock * group));
  for (int output = 0; output < outputs; ++output) {
    const size_t block = static_cast<size_t>(output / kChannelBlock) * static_cast<size_t>(groups);
    const auto lane = static_cast<size_t>(output % kChannelBlock);
    for (int input = 0; input < inputs; ++input) {
      const size_t place = (block + static_cast<size_t>(input / group)) * kChannelBlock + lane;
      packed[place * static_cast<size_t>(group) + static_cast<size_t>(input % group)] =
          weights[static_cast<ptrdiff_t>(output) * inputs + input];
    }
  }
  return packed;
}

PageVector<int8_t> pack_quads(const int8_t* filters, int channels, int kernel) {
  const int taps = 4 * quads_of(kernel);
  std::vector<int8_t> quads(static_cast<size_t>(channels) * static_cast<size_t>(taps));
  int8_t* quad = quads.data();
  for (int channel = 0; channel < channels; ++channel, quad += taps) {
    for (int column = 0; column < kernel; ++column, filters += kernel) {
      std::copy_n(filters, kernel == 5 ? 4 : kernel, quad + 4 * column);
      if (kernel == 5)
        quad[4 * kernel + column] = filters[4];
    }
  }
  return pack_weights(quads.data(), channels, taps, 4);
}

const std::vector<const Int8Kernels*>& runnable_int8_kernels() {
  static const std::vector<const Int8Kernels*> runnable = find_runnable();
  return runnable;
}

const Int8Kernels& chosen_int8_kernels() {
  const auto& runnable = runnable_int8_kernels();
  const char* wanted = std::getenv("JETSONCAPTION_CPU");
  if (wanted == nullptr || *wanted == '\0')
    return *runnable.back();
  std::string names;
  for (const Int8Kernels* kernels : runnable) {
    if (kernels->name == std::string(wanted))
      return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  }
  log_message(LogLevel::Warning, "JETSONCAPTION_CPU=" + std::string(wanted) +
                                     " names no kernels that this processor can run; it can run " +
                                     names);
  return *runnable.back();
}

}  // namespace jetsoncaption
