// SPDX-License-Identifier: LGPL-2.1-or-later
// The integer kernels of every instruction set that this machine runs give the reference's bits.
#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "int8/kernels.h"
#include "int8/random_numbers.h"

namespace jetsoncaption {
namespace {

constexpr int kShapes = 150;
constexpr uint8_t kUntouched = 0xA5;
constexpr size_t kGuard = 64;  // bytes after an output that must stay as they are

size_t area(int a, int b) {
  return static_cast<size_t>(a) * static_cast<size_t>(b);
}

// Scales that bring many sums into the range of a byte and some far out of it.
struct RandomRounding {
  RandomRounding(RandomNumbers& random, int outputs) {
    const auto count = static_cast<size_t>(outputs);
    offsets = random.integers<int32_t>(count, -100000, 100000);
    scales = random.floats(count, 1e-5F, 1e-2F);
    bias = random.floats(count, -50, 300);
    const float odd[] = {std::numeric_limits<float>::infinity(), 1e30F, -1e30F,
                         std::numeric_limits<float>::quiet_NaN(), 0.5F};
    for (const float value : odd)
      bias[static_cast<size_t>(random.between(0, outputs - 1))] = value;
    for (int i = 0; i < 4; ++i) {
      // Halves, to be rounded to even.
      scales[static_cast<size_t>(random.between(0, outputs - 1))] = 0.5F;
    }
    zero_point = random.between(0, 1) * 128;
    residual_scale = random.between(0.1F, 3.0F);
  }
  Requantization view() const {
    return {offsets.data(), scales.data(), bias.data(), zero_point, residual_scale};
  }

  std::vector<int32_t> offsets;
  std::vector<float> scales, bias;
  int zero_point = 0;
  float residual_scale = 1;
};

class Int8KernelsTest : public testing::TestWithParam<const Int8Kernels*> {
 protected:
  const Int8Kernels& kernels_ = *GetParam();
};

TEST_P(Int8KernelsTest, MultiplyPlacesByAMatrixAsTheReferenceDoes) {
  RandomNumbers random(1);
  for (int shape = 0; shape < kShapes; ++shape) {
    const int rows = random.between(1, 20);
    const int inputs = random.between(1, 300);
    const int stride = round_up(inputs, kChannelBlock) + 16 * random.between(0, 1);
    const int outputs = 16 * random.between(1, 6);
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(inputs) + " x " +
                 std::to_string(outputs));
    const auto input = random.integers<uint8_t>(area(rows, stride), 0, 255);
    const int real_outputs = outputs - random.between(0, 15);
    const bool has_lowest = random.between(0, 1) == 1;
    const auto weights =
        random.integers<int8_t>(area(real_outputs, inputs), has_lowest ? -128 : -127, 127);
    const RandomRounding rounding(random, outputs);
    const auto added = random.integers<uint8_t>(area(rows, outputs), 0, 255);
    const bool has_residual = random.between(0, 1) == 1;

    const auto run = [&](const Int8Kernels& kernels) {
      const auto packed = pack_weights(weights.data(), real_outputs, inputs, kernels.weight_group);
      Requantization to = rounding.view();
      auto offsets = rounding.offsets;
      for (size_t i = 0; i < area(real_outputs, inputs); ++i)
        offsets[i / static_cast<size_t>(inputs)] += kernels.input_shift * weights[i];
      to.offsets = offsets.data();
      std::vector<int16_t> scratch(pointwise_scratch(stride));
      std::vector<uint8_t> output(area(rows, outputs) + kGuard, kUntouched);
      std::copy(added.begin(), added.end(), output.begin());  // added in place, as blocks do
      kernels.pointwise({input.data(), rows, inputs, stride, packed.data(), has_lowest, outputs, to,
                         has_residual ? output.data() : nullptr, output.data(), scratch.data()});
      return output;
    };
    const auto expected = run(reference());
    ASSERT_EQ(run(kernels_), expected);
    ASSERT_EQ(expected.back(), kUntouched);
  }
}

TEST_P(Int8KernelsTest, FilterChannelsAsTheReferenceDoes) {
  RandomNumbers random(2);
  for (int shape = 0; shape < kShapes; ++shape) {
    const int positions = random.between(1, 60);
    const int kernel = random.between(0, 1) == 0 ? 3 : 5;
    const int stride = random.between(1, 2);
    const int taps = kernel * kernel;
    const int channels = 16 * random.between(1, 9);
    SCOPED_TRACE(std::to_string(positions) + " x " + std::to_string(taps) + " x " +
                 std::to_string(channels) + ", stride " + std::to_string(stride));
    const auto picture = random.integers<uint8_t>(area(40, channels), 0, 255);
    const int real_channels = channels - random.between(0, 15);
    const auto weights = random.integers<int8_t>(area(real_channels, taps), -128, 127);
    const RandomRounding rounding(random, channels);
    std::vector<const uint8_t*> places;
    for (size_t i = 0; i < area((positions - 1) * stride + kernel, kernel); ++i)
      places.push_back(picture.data() + area(random.between(0, 39), channels));

    const auto run = [&](const Int8Kernels& kernels) {
      const bool in_quads = kernels.depthwise_group == 4;
      const auto packed =
          in_quads ? pack_quads(weights.data(), real_channels, kernel)
                   : pack_weights(weights.data(), real_channels, taps, kernels.depthwise_group);
      const std::vector<int16_t> wide(packed.begin(), packed.end());
      std::vector<uint8_t> output(area(positions, channels) + kGuard, kUntouched);
      kernels.depthwise({places.data(), positions, kernel, stride, channels,
                         in_quads ? nullptr : wide.data(), in_quads ? packed.data() : nullptr,
                         rounding.view(), output.data()});
      return output;
    };
    const auto expected = run(reference());
    ASSERT_EQ(run(kernels_), expected);
    ASSERT_EQ(expected.back(), kUntouched);
  }
}

TEST_P(Int8KernelsTest, MultiplyRowsByAMatrixInPlaceAsTheReferenceDoes) {
  RandomNumbers random(3);
  for (int shape = 0; shape < kShapes; ++shape) {
    const int rows = random.between(1, 7);
    const int inputs = random.between(1, 300);
    const int stride = inputs + random.between(0, 5);
    const int outputs = random.between(1, 70);
    SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(inputs) + " x " +
                 std::to_string(outputs));
    // Exactly as long as they must be, so that a sanitizer sees what is read beyond the end.
    const auto input = random.integers<uint8_t>(area(rows - 1, stride) + area(1, inputs), 0, 255);
    const auto weights = random.integers<int8_t>(area(outputs, inputs), -128, 127);
    const auto steps = random.floats(static_cast<size_t>(rows), 1e-4F, 1);
    const auto scales = random.floats(static_cast<size_t>(outputs), 1e-4F, 1);
    const auto bias = random.floats(static_cast<size_t>(outputs), -3, 3);
    std::vector<int32_t> sums;
    for (int row = 0; row < outputs; ++row) {
      int32_t sum = 0;
      for (int i = 0; i < inputs; ++i)
        sum += weights[area(row, inputs) + static_cast<size_t>(i)];
      sums.push_back(sum);
    }
    const int zero_point = random.between(0, 1) * 128;

    const auto run = [&](const Int8Kernels& kernels) {
      std::vector<float> output(area(rows, outputs) + kGuard, -1);
      kernels.linear({input.data(), stride, steps.data(), zero_point, rows, inputs, weights.data(),
                      scales.data(), sums.data(), bias.data(), outputs, output.data(), outputs});
      return output;
    };
    const auto expected = run(reference());
    ASSERT_EQ(run(kernels_), expected);
    ASSERT_EQ(expected.back(), -1);
  }
}

INSTANTIATE_TEST_SUITE_P(Machine, Int8KernelsTest, testing::ValuesIn(kernels_to_compare()),
                         kernels_name);

TEST(Int8Reference, SumsExactlyAtTheLargestValues) {
  const int inputs = 4096;
  const std::vector<uint8_t> input(inputs, 255);
  const std::vector<int8_t> weights(inputs, -128);
  const float step = 1, scale = 1, bias = 0;
  const int32_t sums = -128 * inputs;
  float output = 0;
  reference().linear({input.data(), inputs, &step, 128, 1, inputs, weights.data(), &scale, &sums,
                      &bias, 1, &output, 1});
  EXPECT_EQ(output, -128.0F * 127 * inputs);
}

TEST(Int8Reference, RoundsHalvesToEvenAndSaturates) {
  const std::vector<int32_t> sums{1, 3, 5, -1, 509, 511, 1000, -1000};
  const std::vector<uint8_t> rounded{0, 2, 2, 0, 254, 255, 255, 0};
  std::vector<int32_t> offsets(kChannelBlock);
  std::copy(sums.begin(), sums.end(), offsets.begin());
  const std::vector<float> scales(kChannelBlock, 0.5F), bias(kChannelBlock, 0);
  const std::vector<uint8_t> input(kChannelBlock, 0);
  const std::vector<int8_t> weights(kChannelBlock, 1);
  std::vector<int16_t> scratch(pointwise_scratch(kChannelBlock));
  std::vector<uint8_t> output(kChannelBlock);
  reference().pointwise({input.data(),
                         1,
                         1,
                         kChannelBlock,
                         weights.data(),
                         false,
                         kChannelBlock,
                         {offsets.data(), scales.data(), bias.data(), 0, 0},
                         nullptr,
                         output.data(),
                         scratch.data()});
  output.resize(rounded.size());
  EXPECT_EQ(output, rounded);
}

}  // namespace
}  // namespace jetsoncaption
