// SPDX-License-Identifier: LGPL-2.1-or-later
// The exponential functions are as correct as they say.
#include "base/plain_math.h"

#include <cmath>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr double kError = 2e-7;

TEST(PlainMath, ExponentialIsCorrectToItsLastBits) {
  for (float x = -87; x <= 88; x += 0.0137F) {
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(exponential(x) / exact, 1, kError) << x;
  }
}

TEST(PlainMath, ExponentialStaysAtItsLimits) {
  EXPECT_EQ(exponential(1000.0F), exponential(88.0F));
  EXPECT_EQ(exponential(-INFINITY), exponential(-87.0F));
  EXPECT_TRUE(std::isfinite(exponential(NAN)));
}

TEST(PlainMath, TangentAndLogisticAreCorrect) {
  for (float x = -30; x <= 30; x += 0.0037F) {
    ASSERT_NEAR(hyperbolic_tangent(x), std::tanh(static_cast<double>(x)), kError) << x;
    ASSERT_NEAR(logistic(x), 1 / (1 + std::exp(-static_cast<double>(x))), kError) << x;
  }
}

TEST(PlainMath, LogarithmIsCorrect) {
  for (float x = 1e-3F; x < 1e6F; x *= 1.0013F) {
    const double exact = std::log(static_cast<double>(x));
    ASSERT_NEAR(natural_logarithm(x), exact, kError * std::max(1.0, std::fabs(exact))) << x;
  }
  EXPECT_EQ(natural_logarithm(1.0F), 0);
}

}  // namespace
}  // namespace jetsoncaption
