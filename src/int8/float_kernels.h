// SPDX-License-Identifier: LGPL-2.1-or-later
// The decoder's arithmetic in fp32, eight numbers at a time. Included by the file of each
// instruction set; the reference asks for plain lanes.
//
// A sum goes into eight lanes, number i into lane i % 8, and then ((0+4)+(2+6))+((1+5)+(3+7)).
#pragma once

#include "int8/kernels.h"

#if defined(JETSONCAPTION_PLAIN_LANES)
#include "int8/lanes_plain.h"
#else
#include "int8/lanes_vector.h"
#endif

namespace jetsoncaption {
namespace {

inline Lanes load(const float* from) {
  Lanes result;
  std::memcpy(&result, from, sizeof result);
  return result;
}

// The last `count` numbers of a row, below 8, and zeros.
inline Lanes load_part(const float* from, int count) {
  float all[kLanes] = {};
  for (int i = 0; i < count; ++i)
    all[i] = from[i];
  return load(all);
}

inline void store(const Lanes& lanes, float* to) {
  std::memcpy(to, &lanes, sizeof lanes);
}

inline void store_part(const Lanes& lanes, float* to, int count) {
  float all[kLanes];
  store(lanes, all);
  for (int i = 0; i < count; ++i)
    to[i] = all[i];
}

inline Lanes zeros() {
  return splat(0.0F, Lanes{});
}

// compute(first, count, load, store) is called for each 8 numbers of a row and for what is left.
template <typename Compute>
inline void for_each_lanes(int count, Compute&& compute) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes)
    compute([i](const float* row) { return load(row + i); },
            [i](const Lanes& lanes, float* row) { store(lanes, row + i); });
  const int left = count - i;
  if (left > 0)
    compute([i, left](const float* row) { return load_part(row + i, left); },
            [i, left](const Lanes& lanes, float* row) { store_part(lanes, row + i, left); });
}

inline float sum_of(const Lanes& lanes) {
  float all[kLanes];
  store(lanes, all);
  return ((all[0] + all[4]) + (all[2] + all[6])) + ((all[1] + all[5]) + (all[3] + all[7]));
}

inline float largest_of(const Lanes& lanes) {
  float all[kLanes];
  store(lanes, all);
  float result = all[0];
  for (int i = 1; i < kLanes; ++i)
    result = all[i] > result ? all[i] : result;
  return result;
}

float quantize_row(const float* values, int count, uint8_t* quantized) {
  Lanes size = zeros();
  for_each_lanes(count, [&](auto get, auto) {
    const Lanes x = get(values);
    size = larger(larger(x, zeros() - x), size);
  });
  const float range = largest_of(size);
  const Lanes scale = splat(range > 0 ? 127.0F / range : 0.0F, size);
  const Lanes limit = splat(127.0F, size);
  const Lanes lowest = splat(-127.0F, size);
  // After the shift the lowest byte is the rounded number, from -127 to 127.
  const Lanes shift = splat(kRoundingShift + 128.0F, size);
  int done = 0;
  for_each_lanes(count, [&](auto get, auto) {
    const Lanes shifted = larger(smaller(get(values) * scale, limit), lowest) + shift;
    uint32_t bits[kLanes];
    std::memcpy(bits, &shifted, sizeof bits);
    const int left = count - done < kLanes ? count - done : kLanes;
    for (int i = 0; i < left; ++i)
      quantized[done + i] = static_cast<uint8_t>(bits[i]);
    done += kLanes;
  });
  return range / 127.0F;
}

void tangent_row(float* values, int count) {
  for_each_lanes(count, [&](auto get, auto put) { put(hyperbolic_tangent(get(values)), values); });
}

void add_scaled_row(const float* values, float factor, int count, float* sums) {
  const Lanes scale = splat(factor, Lanes{});
  for_each_lanes(count, [&](auto get, auto put) { put(get(sums) + get(values) * scale, sums); });
}

inline float largest_in(const float* values, int count) {
  float result = values[0];
  for (int i = 1; i < count; ++i)
    result = values[i] > result ? values[i] : result;
  return result;
}

// Sum of e^(value - highest); with `write`, these replace the values.
inline float sum_of_exponentials(float* values, int count, float highest, bool write) {
  // What is beyond the row becomes e^-87 or more, so it is left out by its factor.
  float in_row[kLanes] = {};
  for (int i = 0; i < count % kLanes; ++i)
    in_row[i] = 1.0F;
  const Lanes top = splat(highest, Lanes{});
  Lanes sum = zeros();
  int done = 0;
  for_each_lanes(count, [&](auto get, auto put) {
    const Lanes value = exponential(get(values) - top);
    sum = sum + (count - done < kLanes ? value * load(in_row) : value);
    done += kLanes;
    if (write)
      put(value, values);
  });
  return sum_of(sum);
}

void log_softmax_row(float* values, int count) {
  const float highest = largest_in(values, count);
  const float sum = sum_of_exponentials(values, count, highest, false);
  const Lanes subtracted = splat(highest + natural_logarithm(sum), Lanes{});
  for_each_lanes(count, [&](auto get, auto put) { put(get(values) - subtracted, values); });
}

void attend_row(const AttentionArguments& a) {
  for (int cell = 0; cell < a.cells; ++cell) {
    const float* keys = a.keys + static_cast<ptrdiff_t>(cell) * a.attention_size;
    Lanes sum = zeros();
    for_each_lanes(a.attention_size, [&](auto get, auto) {
      sum = sum + hyperbolic_tangent(get(keys) + get(a.query)) * get(a.score_weights);
    });
    a.attention[cell] = sum_of(sum);
  }
  const float highest = largest_in(a.attention, a.cells);
  const float sum = sum_of_exponentials(a.attention, a.cells, highest, true);
  for (int cell = 0; cell < a.cells; ++cell)
    a.attention[cell] = a.attention[cell] / sum;

  for_each_lanes(a.feature_size, [&](auto get, auto put) {
    Lanes context = zeros();
    for (int cell = 0; cell < a.cells; ++cell) {
      const float* features = a.features + static_cast<ptrdiff_t>(cell) * a.feature_size;
      context = context + get(features) * splat(a.attention[cell], context);
    }
    put(context * logistic(get(a.gate)), a.context);
  });
}

void update_state_row(const float* input, const float* state, int size, float* hidden) {
  const float* candidate = input + 2 * static_cast<ptrdiff_t>(size);
  const float* of_state = state + 2 * static_cast<ptrdiff_t>(size);
  for_each_lanes(size, [&](auto get, auto put) {
    const Lanes reset = logistic(get(input) + get(state));
    const Lanes update = logistic(get(input + size) + get(state + size));
    const Lanes proposed = hyperbolic_tangent(get(candidate) + reset * get(of_state));
    put(proposed + update * (get(hidden) - proposed), hidden);
  });
}

}  // namespace
}  // namespace jetsoncaption
