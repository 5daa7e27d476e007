// SPDX-License-Identifier: LGPL-2.1-or-later
// The fp32 kernels of every instruction set that this machine runs give the reference's bits.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "int8/kernels.h"
#include "int8/random_numbers.h"

namespace jetsoncaption {
namespace {

using Floats = std::vector<float>;

constexpr int kSizes = 200;

std::vector<uint32_t> bits(const Floats& values) {
  std::vector<uint32_t> result(values.size());
  std::memcpy(result.data(), values.data(), values.size() * sizeof(float));
  return result;
}

class FloatKernelsTest : public testing::TestWithParam<const Int8Kernels*> {
 protected:
  // run(kernels) must give the same bits as with the reference, for rows of many lengths.
  template <typename Run>
  void compare(Run&& run) {
    for (int i = 0; i < kSizes; ++i) {
      const int count = random_.between(1, 100);
      SCOPED_TRACE(count);
      const float size = random_.between(0, 1) == 0 ? 3.0F : 100.0F;
      const Floats values = random_.floats(static_cast<size_t>(count), -size, size);
      ASSERT_EQ(bits(run(*GetParam(), values)), bits(run(reference(), values)));
    }
  }

  RandomNumbers random_{5};
};

TEST_P(FloatKernelsTest, Quantize) {
  compare([](const Int8Kernels& kernels, const Floats& values) {
    std::vector<uint8_t> quantized(values.size() + 1, 77);
    Floats result{
        kernels.quantize(values.data(), static_cast<int>(values.size()), quantized.data())};
    result.insert(result.end(), quantized.begin(), quantized.end());
    return result;
  });
}

TEST_P(FloatKernelsTest, QuantizeWhatIsNoNumber) {
  Floats values{1, -2, NAN, 3, INFINITY, -INFINITY, 0, 1e-40F, -0.0F, 7};
  for (const size_t count : {3U, 4U, 5U, 10U}) {
    std::vector<uint8_t> here(count), there(count);
    const float step = GetParam()->quantize(values.data(), static_cast<int>(count), here.data());
    EXPECT_EQ(step, reference().quantize(values.data(), static_cast<int>(count), there.data()));
    EXPECT_EQ(here, there);
  }
}

TEST_P(FloatKernelsTest, Tangent) {
  compare([](const Int8Kernels& kernels, Floats values) {
    kernels.tangent(values.data(), static_cast<int>(values.size()));
    return values;
  });
}

TEST_P(FloatKernelsTest, LogSoftmax) {
  compare([](const Int8Kernels& kernels, Floats values) {
    kernels.log_softmax(values.data(), static_cast<int>(values.size()));
    return values;
  });
}

TEST_P(FloatKernelsTest, AddScaled) {
  compare([](const Int8Kernels& kernels, const Floats& values) {
    Floats sums(values.size(), 0.3F);
    kernels.add_scaled(values.data(), 1.0F / 49, static_cast<int>(values.size()), sums.data());
    return sums;
  });
}

TEST_P(FloatKernelsTest, UpdateState) {
  RandomNumbers random(6);
  compare([&random](const Int8Kernels& kernels, const Floats& values) {
    RandomNumbers same = random;
    const size_t size = values.size();
    const Floats input = same.floats(3 * size, -4, 4);
    const Floats state = same.floats(3 * size, -4, 4);
    Floats hidden = values;
    kernels.update_state(input.data(), state.data(), static_cast<int>(size), hidden.data());
    return hidden;
  });
}

TEST_P(FloatKernelsTest, Attend) {
  RandomNumbers random(7);
  compare([&random](const Int8Kernels& kernels, const Floats& query) {
    RandomNumbers same = random;
    const int attention_size = static_cast<int>(query.size());
    const int cells = same.between(1, 60);
    const int feature_size = same.between(1, 60);
    const Floats keys = same.floats(static_cast<size_t>(cells * attention_size), -2, 2);
    const Floats scores = same.floats(query.size(), -1, 1);
    const Floats features = same.floats(static_cast<size_t>(cells * feature_size), 0, 5);
    const Floats gate = same.floats(static_cast<size_t>(feature_size), -5, 5);
    Floats attention(static_cast<size_t>(cells)), context(static_cast<size_t>(feature_size));
    kernels.attend({keys.data(), query.data(), scores.data(), features.data(), gate.data(), cells,
                    attention_size, feature_size, attention.data(), context.data()});
    attention.insert(attention.end(), context.begin(), context.end());
    return attention;
  });
}

INSTANTIATE_TEST_SUITE_P(Machine, FloatKernelsTest, testing::ValuesIn(kernels_to_compare()),
                         kernels_name);

}  // namespace
}  // namespace jetsoncaption
