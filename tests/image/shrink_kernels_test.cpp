// SPDX-License-Identifier: LGPL-2.1-or-later
// The shrinker's loops of every instruction set that this machine runs give exactly what the rule
// of rounding says, and touch nothing else.
#include "image/shrink_kernels.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr int kShapes = 300;
constexpr uint8_t kUntouched = 0xA5;
constexpr size_t kGuard = 64;  // bytes after an output that must stay as they are

class Random {
 public:
  int between(int lowest, int highest) {
    return lowest + static_cast<int>(generator_() % static_cast<unsigned>(highest - lowest + 1));
  }

  // Now and then only extreme ones, so that sums become as large as they can.
  void fill(uint8_t* bytes, size_t count) {
    const bool extreme = between(0, 3) == 0;
    for (size_t i = 0; i < count; ++i)
      bytes[i] = static_cast<uint8_t>(extreme ? 255 * between(0, 9) / 2 : between(0, 255));
  }

  // Not negative, kWeightOne together.
  std::vector<int16_t> weights(int count) {
    std::vector<int16_t> weights(static_cast<size_t>(count));
    int left = kWeightOne;
    for (int16_t& weight : weights) {
      weight = static_cast<int16_t>(between(0, left));
      left -= weight;
    }
    weights[static_cast<size_t>(between(0, count - 1))] += static_cast<int16_t>(left);
    return weights;
  }

 private:
  std::mt19937 generator_{7};
};

class ShrinkKernelsTest : public testing::TestWithParam<const ShrinkKernels*> {
 protected:
  const ShrinkKernels& kernels_ = *GetParam();
  Random random_;
};

TEST_P(ShrinkKernelsTest, AverageLinesToTheNearestByteAndReadNoMore) {
  for (int shape = 0; shape < kShapes; ++shape) {
    const int count = random_.between(1, shape % 10 == 0 ? 150 : 12);
    const auto bytes = static_cast<size_t>(random_.between(1, shape % 10 == 0 ? 5000 : 300));
    const size_t stride = bytes + static_cast<size_t>(random_.between(0, 40));
    // Ends with the last byte of the last line: reading on is an error under ASan.
    const size_t size = static_cast<size_t>(count - 1) * stride + bytes;
    const std::unique_ptr<uint8_t[]> lines(new uint8_t[size]);
    random_.fill(lines.get(), size);
    const std::vector<int16_t> weights = random_.weights(count);
    const bool upside_down = random_.between(0, 1) == 1;
    const uint8_t* top = lines.get() + (upside_down ? static_cast<size_t>(count - 1) * stride : 0);
    const ptrdiff_t step =
        upside_down ? -static_cast<ptrdiff_t>(stride) : static_cast<ptrdiff_t>(stride);
    std::vector<uint8_t> average(bytes + kGuard, kUntouched);

    kernels_.average_lines({top, step, weights.data(), count, bytes, average.data()});

    for (size_t i = 0; i < bytes; ++i) {
      int sum = 0;
      for (int k = 0; k < count; ++k)
        sum += weights[static_cast<size_t>(k)] * (top + k * step)[i];
      ASSERT_EQ(average[i], (sum + kWeightOne / 2) / kWeightOne)
          << "byte " << i << " of " << bytes << ", " << count << " lines";
    }
    for (size_t i = bytes; i < average.size(); ++i)
      ASSERT_EQ(average[i], kUntouched);
  }
}

struct Arrangement {
  const char* name;
  int step;
  std::vector<int> offsets;
};

TEST_P(ShrinkKernelsTest, AverageColumnsOfEveryArrangementToTheBitsThatAreAskedFor) {
  const Arrangement arrangements[] = {{"plane", 1, {0}},      {"NV12", 2, {0, 1}},
                                      {"NV21", 2, {1, 0}},    {"Y of YUY2", 2, {0}},
                                      {"Y of UYVY", 2, {1}},  {"RGB", 3, {0, 1, 2}},
                                      {"BGR", 3, {2, 1, 0}},  {"RGBx", 4, {0, 1, 2}},
                                      {"xBGR", 4, {3, 2, 1}}, {"U and V of YUY2", 4, {1, 3}},
                                      {"one of four", 4, {2}}};
  for (int shape = 0; shape < kShapes; ++shape) {
    const Arrangement& arrangement = arrangements[shape % std::size(arrangements)];
    SCOPED_TRACE(testing::Message() << arrangement.name << ", shape " << shape);
    const int taps = random_.between(1, 70);
    const int samples = taps + random_.between(0, 400);
    const int stride = (taps + kTapGroup - 1) / kTapGroup * kTapGroup;
    const int results = kResultGroup * random_.between(1, 20);
    const int step = arrangement.step;
    const auto line_bytes = static_cast<size_t>(samples * step);
    const size_t readable = line_bytes + static_cast<size_t>(stride * step) + 16;
    const std::unique_ptr<uint8_t[]> line(new uint8_t[readable]);
    random_.fill(line.get(), readable);
    std::vector<int> first;
    std::vector<int16_t> weights(static_cast<size_t>(results * stride));
    for (int x = 0; x < results; ++x) {
      const int count = random_.between(1, taps);
      first.push_back(random_.between(0, samples - count));
      const std::vector<int16_t> of_result = random_.weights(count);
      std::copy(of_result.begin(), of_result.end(), weights.begin() + x * stride);
    }
    const int shift = shape % 2 == 0 ? kWeightBits : kWeightBits - 6;
    std::vector<int16_t> scratch(static_cast<size_t>(samples + stride));
    std::vector<std::vector<int16_t>> averages(
        3, std::vector<int16_t>(static_cast<size_t>(results) + kGuard, kUntouched));
    ColumnsArguments columns{};
    columns.line = line.get();
    columns.samples = samples;
    columns.step = step;
    columns.components = static_cast<int>(arrangement.offsets.size());
    std::copy(arrangement.offsets.begin(), arrangement.offsets.end(), columns.offsets);
    columns.results = results;
    columns.first = first.data();
    columns.weights = weights.data();
    columns.taps = taps;
    columns.weight_stride = stride;
    columns.shift = shift;
    columns.scratch = scratch.data();
    for (size_t c = 0; c < averages.size(); ++c)
      columns.averages[c] = averages[c].data();

    kernels_.average_columns(columns);

    for (size_t c = 0; c < averages.size(); ++c) {
      const bool is_there = c < arrangement.offsets.size();
      for (int x = 0; is_there && x < results; ++x) {
        int sum = 0;
        for (int k = 0; k < taps; ++k) {
          const int at = (first[static_cast<size_t>(x)] + k) * step + arrangement.offsets[c];
          sum += weights[static_cast<size_t>(x * stride + k)] * line[static_cast<size_t>(at)];
        }
        ASSERT_EQ(averages[c][static_cast<size_t>(x)], (sum + (1 << (shift - 1))) >> shift)
            << "component " << c << ", result " << x;
      }
      for (size_t i = is_there ? static_cast<size_t>(results) : 0; i < averages[c].size(); ++i)
        ASSERT_EQ(averages[c][i], kUntouched) << "component " << c << ", behind the results";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ShrinkKernelsTest, testing::ValuesIn(runnable_shrink_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(ShrinkKernels, ArePlainWhereTheEnvironmentSaysSo) {
  ASSERT_EQ(setenv("JETSONCAPTION_CPU", "reference", 1), 0);
  EXPECT_EQ(&chosen_shrink_kernels(), runnable_shrink_kernels().front());
  unsetenv("JETSONCAPTION_CPU");
  EXPECT_EQ(&chosen_shrink_kernels(), runnable_shrink_kernels().back());
}

}  // namespace
}  // namespace jetsoncaption
