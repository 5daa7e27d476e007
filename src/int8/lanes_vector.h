// SPDX-License-Identifier: LGPL-2.1-or-later
// Eight fp32 numbers as the compiler's vector, which it maps to what the processor has.
//
// In a namespace without a name, like all that a file for one instruction set includes: a function
// that other files share might be the one with instructions that this processor lacks.
#pragma once

#include "base/plain_math.h"

namespace jetsoncaption {
namespace {

constexpr int kLanes = 8;

typedef float FloatVector __attribute__((vector_size(32)));
typedef uint32_t BitVector __attribute__((vector_size(32)));

struct Lanes {
  FloatVector values;
};

inline Lanes operator+(const Lanes& a, const Lanes& b) {
  return {a.values + b.values};
}
inline Lanes operator-(const Lanes& a, const Lanes& b) {
  return {a.values - b.values};
}
inline Lanes operator*(const Lanes& a, const Lanes& b) {
  return {a.values * b.values};
}
inline Lanes operator/(const Lanes& a, const Lanes& b) {
  return {a.values / b.values};
}
inline Lanes larger(const Lanes& a, const Lanes& b) {
  return {a.values > b.values ? a.values : b.values};
}
inline Lanes smaller(const Lanes& a, const Lanes& b) {
  return {a.values < b.values ? a.values : b.values};
}
inline Lanes splat(float x, const Lanes&) {
  return {FloatVector{x, x, x, x, x, x, x, x}};
}
inline Lanes power_of_two(const Lanes& n) {
  const Lanes shifted = n + splat(kRoundingShift, n);
  BitVector bits;
  std::memcpy(&bits, &shifted.values, sizeof bits);
  bits = (bits + 127U) << 23;
  Lanes result;
  std::memcpy(&result.values, &bits, sizeof bits);
  return result;
}

}  // namespace
}  // namespace jetsoncaption
