// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernels of 64-bit ARM share.
#pragma once

#include "int8/kernels.h"

#include <arm_neon.h>

namespace jetsoncaption {
namespace {

// 16 sums, four a vector. Plain arrays of them: compilers keep a structure of vectors in memory.
using Sums = int32x4_t[4];

inline void load_sums(const int32_t* from, int32x4_t* sums) {
  for (int i = 0; i < 4; ++i)
    sums[i] = vld1q_s32(from + 4 * i);
}

// Four of the sums that requantize() of reference.cpp rounds, as integers that are not limited
// below yet.
inline int32x4_t round_sums(int32x4_t sums, const Requantization& to, int first,
                            const int16x4_t* residual) {
  float32x4_t value = vmulq_f32(vcvtq_f32_s32(sums), vld1q_f32(to.scales + first));
  value = vaddq_f32(value, vld1q_f32(to.bias + first));
  if (residual) {
    const float32x4_t added = vcvtq_f32_s32(vmovl_s16(*residual));
    value = vaddq_f32(value, vmulq_f32(added, vdupq_n_f32(to.residual_scale)));
  }
  const float32x4_t highest = vdupq_n_f32(static_cast<float>(255 - to.zero_point));
  value =
      vbslq_f32(vcltq_f32(value, highest), value, highest);  // vmin would keep what is no number
  return vaddq_s32(vcvtnq_s32_f32(value), vdupq_n_s32(to.zero_point));
}

// 8 of 16 sums, offsets included, to 8 bytes.
inline uint8x8_t round_8(int32x4_t sums, int32x4_t next_sums, const Requantization& to, int first,
                         const uint8_t* residual) {
  int32x4_t low, high;
  if (residual) {
    const int16x8_t wide =
        vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(residual))), vdupq_n_s16(128));
    const int16x4_t first_four = vget_low_s16(wide);
    const int16x4_t last_four = vget_high_s16(wide);
    low = round_sums(sums, to, first, &first_four);
    high = round_sums(next_sums, to, first + 4, &last_four);
  } else {
    low = round_sums(sums, to, first, nullptr);
    high = round_sums(next_sums, to, first + 4, nullptr);
  }
  return vqmovun_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high)));
}

inline void store_16(const int32x4_t* sums, const Requantization& to, int first,
                     const uint8_t* residual, uint8_t* output) {
  const uint8x8_t low = round_8(sums[0], sums[1], to, first, residual);
  const uint8x8_t high =
      round_8(sums[2], sums[3], to, first + 8, residual ? residual + 8 : nullptr);
  vst1q_u8(output, vcombine_u8(low, high));
}

// Adds the products of 8 numbers to two vectors of sums.
inline void add_8(int32x4_t* sums, int16x8_t a, int16x8_t b) {
  sums[0] = vmlal_s16(sums[0], vget_low_s16(a), vget_low_s16(b));
  sums[1] = vmlal_s16(sums[1], vget_high_s16(a), vget_high_s16(b));
}

inline int16x8_t widen(uint8x8_t bytes) {
  return vreinterpretq_s16_u16(vmovl_u8(bytes));
}

// 16 channels of a position.
inline void filter_16(const DepthwiseArguments& a, const uint8_t* const* taps,
                      const int16_t* weights, int channel, uint8_t* output) {
  Sums sums;
  load_sums(a.requantization.offsets + channel, sums);
  for (int tap = 0; tap < a.tap_count(); ++tap, weights += kChannelBlock) {
    const uint8x16_t bytes = vld1q_u8(taps[tap] + channel);
    add_8(sums, widen(vget_low_u8(bytes)), vld1q_s16(weights));
    add_8(sums + 2, widen(vget_high_u8(bytes)), vld1q_s16(weights + 8));
  }
  store_16(sums, a.requantization, channel, nullptr, output + channel);
}

void depthwise(const DepthwiseArguments& a) {
  for (int position = 0; position < a.positions; ++position) {
    const uint8_t* const* taps = a.taps(position);
    uint8_t* output = a.output + static_cast<ptrdiff_t>(position) * a.channels;
    const int16_t* weights = a.weights;
    for (int channel = 0; channel < a.channels; channel += kChannelBlock) {
      filter_16(a, taps, weights, channel, output);
      weights += a.tap_count() * kChannelBlock;
    }
  }
}

// `shift` is what the kernel subtracted from the inputs before it multiplied.
inline void store_linear(int32_t sum, const LinearArguments& a, int row, int output, int shift) {
  const auto exact = static_cast<float>(sum + (shift - a.zero_point) * a.sums[output]);
  a.output[static_cast<ptrdiff_t>(row) * a.output_stride + output] =
      exact * (a.steps[row] * a.scales[output]) + a.bias[output];
}

}  // namespace
}  // namespace jetsoncaption
