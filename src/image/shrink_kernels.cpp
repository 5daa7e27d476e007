// SPDX-License-Identifier: LGPL-2.1-or-later
// The plain loops, which compilers turn into vector instructions of every processor, and the
// choice.
#include "image/shrink_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "image/shrink_avx2.h"

namespace jetsoncaption {

namespace {

// Bytes of a line that are averaged at a time; their sums (4 KiB) stay in the first-level cache.
constexpr size_t kBlock = 1024;

// Columns are weighted so many samples at a time: one vector instruction.
constexpr int kLanes = 8;

// Two lines at a time, so that sums are read and written half as often.
void add_lines(const uint8_t* __restrict line, int16_t weight, const uint8_t* __restrict next,
               int16_t next_weight, int32_t* __restrict sums, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    sums[i] += weight * static_cast<int16_t>(line[i]) + next_weight * static_cast<int16_t>(next[i]);
}

void round_sums(const int32_t* __restrict sums, uint8_t* __restrict averages, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    averages[i] = static_cast<uint8_t>(sums[i] >> kWeightBits);
}

void average_lines(const LinesArguments& lines) {
  int32_t sums[kBlock];
  for (size_t begin = 0; begin < lines.bytes; begin += kBlock) {
    const size_t bytes = std::min(kBlock, lines.bytes - begin);
    std::fill_n(sums, bytes, kWeightOne / 2);
    for (int k = 0; k < lines.count; k += 2) {
      const bool is_pair = k + 1 < lines.count;
      const uint8_t* line = lines.top + k * lines.stride + begin;
      add_lines(line, lines.weights[k], is_pair ? line + lines.stride : line,
                is_pair ? lines.weights[k + 1] : int16_t{0}, sums, bytes);
    }
    round_sums(sums, lines.average + begin, bytes);
  }
}

template <int step>
void take_samples(const uint8_t* __restrict line, int16_t* __restrict samples, int count) {
  for (int i = 0; i < count; ++i)
    samples[i] = line[i * step];
}

void take_samples(const uint8_t* line, int step, int16_t* samples, int count) {
  switch (step) {
    case 1:
      return take_samples<1>(line, samples, count);
    case 2:
      return take_samples<2>(line, samples, count);
    case 3:
      return take_samples<3>(line, samples, count);
    default:
      return take_samples<4>(line, samples, count);
  }
}

int32_t sum_of_products(const int16_t* __restrict weights, const int16_t* __restrict samples,
                        int taps) {
  int32_t sum = 0;
  for (int k = 0; k < taps; k += kLanes) {
    for (int j = 0; j < kLanes; ++j)
      sum += weights[k + j] * samples[k + j];
  }
  return sum;
}

void average_columns(const ColumnsArguments& columns) {
  const int32_t half = 1 << (columns.shift - 1);
  std::fill_n(columns.scratch + columns.samples, columns.weight_stride, int16_t{0});
  for (int c = 0; c < columns.components; ++c) {
    take_samples(columns.line + columns.offsets[c], columns.step, columns.scratch, columns.samples);
    const int16_t* weights = columns.weights;
    for (int x = 0; x < columns.results; ++x, weights += columns.weight_stride) {
      const int32_t sum =
          sum_of_products(weights, columns.scratch + columns.first[x], columns.taps);
      columns.averages[c][x] = static_cast<int16_t>((sum + half) >> columns.shift);
    }
  }
}

constexpr ShrinkKernels kPlain = {"reference", average_lines, average_columns};

std::vector<const ShrinkKernels*> find_runnable() {
  std::vector<const ShrinkKernels*> runnable{&kPlain};
#if defined(JETSONCAPTION_SHRINK_AVX2)
  if (__builtin_cpu_supports("avx2"))
    runnable.push_back(&avx2_shrink_kernels);
#endif
  return runnable;
}

}  // namespace

const std::vector<const ShrinkKernels*>& runnable_shrink_kernels() {
  static const std::vector<const ShrinkKernels*> runnable = find_runnable();
  return runnable;
}

const ShrinkKernels& chosen_shrink_kernels() {
  const char* wanted = std::getenv("JETSONCAPTION_CPU");
  if (wanted != nullptr && wanted == std::string(kPlain.name))
    return kPlain;
  return *runnable_shrink_kernels().back();
}

}  // namespace jetsoncaption
