// SPDX-License-Identifier: LGPL-2.1-or-later
// Eight fp32 numbers in plain C++: what the kernels of every processor must agree with.
#pragma once

#include "base/plain_math.h"

namespace jetsoncaption {
namespace {

constexpr int kLanes = 8;

struct Lanes {
  float values[kLanes];
};

template <typename Operation>
Lanes each(const Lanes& a, const Lanes& b, Operation operation) {
  Lanes result;
  for (int i = 0; i < kLanes; ++i)
    result.values[i] = operation(a.values[i], b.values[i]);
  return result;
}

Lanes operator+(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x + y; });
}
Lanes operator-(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x - y; });
}
Lanes operator*(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x * y; });
}
Lanes operator/(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x / y; });
}
Lanes larger(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x > y ? x : y; });
}
Lanes smaller(const Lanes& a, const Lanes& b) {
  return each(a, b, [](float x, float y) { return x < y ? x : y; });
}
Lanes power_of_two(const Lanes& n) {
  return each(n, n, [](float x, float) { return jetsoncaption::power_of_two(x); });
}
Lanes splat(float value, const Lanes&) {
  Lanes result;
  for (float& lane : result.values)
    lane = value;
  return result;
}

}  // namespace
}  // namespace jetsoncaption
