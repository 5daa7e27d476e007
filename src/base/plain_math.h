// SPDX-License-Identifier: LGPL-2.1-or-later
// Exponential functions that give the same bits on every processor: additions, multiplications and
// divisions of fp32 in one order, nothing from the C library.
//
// Templates, so that kernels use them for several numbers at once (int8/float_kernels.h). Files
// that include this are built with -ffp-contract=off: a fused multiply-add would round once less.
#pragma once

#include <cstdint>
#include <cstring>

namespace jetsoncaption {

// Adding and subtracting it rounds a number below 2^22 to an integer, halves to even.
constexpr float kRoundingShift = 12582912.0F;  // 1.5 * 2^23

static inline float splat(float value, float) {
  return value;
}
// Of a number that is none the second, as processors do.
static inline float larger(float a, float b) {
  return a > b ? a : b;
}
static inline float smaller(float a, float b) {
  return a < b ? a : b;
}
// 2^n for an integer n from -126 to 127: the shift leaves n in the lowest bits.
static inline float power_of_two(float n) {
  const float shifted = n + kRoundingShift;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127U) << 23;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

template <typename Number>
Number round_to_even(Number x) {
  const Number shift = splat(kRoundingShift, x);
  return (x + shift) - shift;
}

// e^x, correct to 2e-7 of it from -87 to 88; beyond, as at the limit. The polynomial is that of
// Cephes (Moshier 1989), expf.c.
template <typename Number>
Number exponential(Number x) {
  const auto number = [x](float value) { return splat(value, x); };
  x = larger(smaller(x, number(88.0F)), number(-87.0F));
  const Number n = round_to_even(x * number(1.44269504F));
  const Number r = (x - n * number(0.693359375F)) - n * number(-2.12194440e-4F);
  Number p = number(1.9875691500e-4F);
  p = p * r + number(1.3981999507e-3F);
  p = p * r + number(8.3334519073e-3F);
  p = p * r + number(4.1665795894e-2F);
  p = p * r + number(1.6666665459e-1F);
  p = p * r + number(5.0000001201e-1F);
  return ((p * (r * r) + r) + number(1.0F)) * power_of_two(n);
}

template <typename Number>
Number logistic(Number x) {
  const Number one = splat(1.0F, x);
  return one / (one + exponential(splat(0.0F, x) - x));
}

// Correct to 2e-7; small results have fewer correct digits.
template <typename Number>
Number hyperbolic_tangent(Number x) {
  const Number one = splat(1.0F, x);
  return one - splat(2.0F, x) / (one + exponential(x + x));
}

// The natural logarithm of a positive, normal number, correct to 2e-7 (Cephes, logf.c).
static inline float natural_logarithm(float x) {
  constexpr float kTerms[] = {-1.1514610310e-1F, 1.1676998740e-1F,  -1.2420140846e-1F,
                              1.4249322787e-1F,  -1.6668057665e-1F, 2.0000714765e-1F,
                              -2.4999993993e-1F, 3.3333331174e-1F};
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  int exponent = static_cast<int>(bits >> 23) - 126;
  bits = (bits & 0x007fffffU) | 0x3f000000U;
  std::memcpy(&x, &bits, sizeof x);  // from 0.5 to 1
  if (x < 0.707106781F) {
    --exponent;
    x = x + x;
  }
  x = x - 1.0F;
  const float square = x * x;
  float p = 7.0376836292e-2F;
  for (const float term : kTerms)
    p = p * x + term;
  const auto n = static_cast<float>(exponent);
  return (x + ((p * x * square + n * -2.12194440e-4F) - 0.5F * square)) + n * 0.693359375F;
}

}  // namespace jetsoncaption
