// SPDX-License-Identifier: LGPL-2.1-or-later
// depthwise() on an instruction that adds four products of bytes without and with sign.
//
// Four taps of a channel are brought beside each other, once for each place and not for each filter
// that covers it: the first four rows of a column are a quad. With five rows, the last row of a
// column and of the three to the right of it is another, so that 25 taps are seven quads.
//
// The order in which _mm256_unpack* leaves channels is the one from which _mm256_pack* makes bytes
// in a row again; sums lie in it, and so do the weights and the numbers for rounding that are
// loaded.
//
// The file that includes this defines before: add_products(sums, bytes, weights).
#pragma once

#include "int8/vnni_parts.h"

namespace jetsoncaption {
namespace {

// Up to 32 channels as vectors of 256 bits, a lane of 128 for each 16.
class Channels32 {
 public:
  using Integers = __m256i;
  using Floats = __m256;
  static constexpr int kMost = 32;

  explicit Channels32(int channels) : has_both_(channels > kChannelBlock) {}

  Integers load(const uint8_t* from) const { return has_both_ ? load_32(from) : first_lane(from); }
  void store(Integers bytes, uint8_t* to) const {
    if (has_both_)
      store_all(bytes, to);
    else
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(bytes));
  }
  // The lane of the next 16 channels comes from `step` bytes behind that of the first.
  Integers load_lanes(const void* from, ptrdiff_t step) const {
    if (!has_both_)
      return first_lane(from);
    const void* next = static_cast<const char*>(from) + step;
    return _mm256_inserti128_si256(first_lane(from),
                                   _mm_loadu_si128(static_cast<const __m128i*>(next)), 1);
  }
  Floats load_lanes(const float* from, ptrdiff_t step) const {
    return _mm256_castsi256_ps(load_lanes(static_cast<const void*>(from), step));
  }

  static Integers load_all(const uint8_t* from) { return load_32(from); }
  static void store_all(Integers values, uint8_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values);
  }
  static Integers zeros() { return _mm256_setzero_si256(); }
  static Integers low_bytes(Integers a, Integers b) { return _mm256_unpacklo_epi8(a, b); }
  static Integers high_bytes(Integers a, Integers b) { return _mm256_unpackhi_epi8(a, b); }
  static Integers low_words(Integers a, Integers b) { return _mm256_unpacklo_epi16(a, b); }
  static Integers high_words(Integers a, Integers b) { return _mm256_unpackhi_epi16(a, b); }
  static Integers add(Integers sums, Integers bytes, Integers weights) {
    return add_products(sums, bytes, weights);
  }

  // As requantize() of reference.cpp, without the zero point and the limit below: narrow() adds
  // them.
  static Integers round(Integers sums, Floats scales, Floats bias, int zero_point) {
    const __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), scales), bias);
    const __m256 highest = _mm256_set1_ps(static_cast<float>(255 - zero_point));
    return _mm256_cvtps_epi32(_mm256_min_ps(value, highest));
  }
  static Integers narrow(const Integers* sums, int zero_point) {
    const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(zero_point));
    return _mm256_packus_epi16(_mm256_adds_epi16(_mm256_packs_epi32(sums[0], sums[1]), zero),
                               _mm256_adds_epi16(_mm256_packs_epi32(sums[2], sums[3]), zero));
  }

 private:
  static Integers first_lane(const void* from) {
    return _mm256_inserti128_si256(_mm256_setzero_si256(),
                                   _mm_loadu_si128(static_cast<const __m128i*>(from)), 0);
  }

  const bool has_both_;
};

constexpr int kVectorsOfBlock = 4;  // four bytes of each channel
// std::min() of this file might be the one that a processor without the instructions gets.
constexpr int smaller_of(int a, int b) {
  return a < b ? a : b;
}

constexpr int kMostPositions =
    28;  // that are filtered at once: what is made of them stays in cache

// A row of filters of one block of channels.
template <class Vectors, int Kernel>
class QuadFilter {
 public:
  QuadFilter(const DepthwiseArguments& arguments, int channel)
      : a_(arguments),
        channel_(channel),
        vectors_(smaller_of(arguments.channels - channel, Vectors::kMost)) {
    const int first_block = channel / kChannelBlock;
    const int8_t* weights = a_.quads + static_cast<ptrdiff_t>(first_block) * kBlockBytes;
    JETSONCAPTION_UNROLL
    for (int i = 0; i < kQuads * kVectorsOfBlock; ++i)
      weights_[i] = vectors_.load_lanes(weights + 16 * i, kBlockBytes);
    JETSONCAPTION_UNROLL
    for (int i = 0; i < kVectorsOfBlock; ++i) {
      const Requantization& to = a_.requantization;
      offsets_[i] = vectors_.load_lanes(to.offsets + channel + 4 * i, 64);
      scales_[i] = vectors_.load_lanes(to.scales + channel + 4 * i, 64);
      bias_[i] = vectors_.load_lanes(to.bias + channel + 4 * i, 64);
    }
  }

  void run() {
    for (int position = 0; position < a_.positions; position += kMostPositions) {
      const int count = smaller_of(a_.positions - position, kMostPositions);
      make_quads(position * a_.stride, (count - 1) * a_.stride + Kernel);
      for (int i = 0; i < count; ++i)
        filter(quads_ + i * a_.stride * kBytesOfColumn, position + i);
    }
  }

 private:
  using Integers = typename Vectors::Integers;
  using Floats = typename Vectors::Floats;

  static constexpr int kQuads = quads_of(Kernel);
  static constexpr ptrdiff_t kBlockBytes = 4 * kQuads * kChannelBlock;
  static constexpr int kVectorBytes = sizeof(Integers);
  static constexpr int kBytesOfColumn = (Kernel == 5 ? 2 : 1) * kVectorsOfBlock * kVectorBytes;
  static constexpr int kMostColumns = (kMostPositions - 1) * 2 + Kernel;

  const uint8_t* place(int column, int row) const {
    return a_.places[column * Kernel + row] + channel_;
  }

  void make_quads(int first, int count) {
    const int last = first + count - 1;
    uint8_t* to = quads_;
    for (int column = first; column <= last; ++column, to += kBytesOfColumn) {
      const Integers fourth = Kernel == 5 ? vectors_.load(place(column, 3)) : vectors_.zeros();
      interleave(vectors_.load(place(column, 0)), vectors_.load(place(column, 1)),
                 vectors_.load(place(column, 2)), fourth, to);
      if (Kernel == 5) {
        // Beyond the last column the weights are 0.
        interleave(vectors_.load(place(column, Kernel - 1)),
                   vectors_.load(place(smaller_of(column + 1, last), Kernel - 1)),
                   vectors_.load(place(smaller_of(column + 2, last), Kernel - 1)),
                   vectors_.load(place(smaller_of(column + 3, last), Kernel - 1)),
                   to + kVectorsOfBlock * kVectorBytes);
      }
    }
  }

  void interleave(Integers a, Integers b, Integers c, Integers d, uint8_t* to) const {
    const Integers low_ab = vectors_.low_bytes(a, b);
    const Integers high_ab = vectors_.high_bytes(a, b);
    const Integers low_cd = vectors_.low_bytes(c, d);
    const Integers high_cd = vectors_.high_bytes(c, d);
    vectors_.store_all(vectors_.low_words(low_ab, low_cd), to);
    vectors_.store_all(vectors_.high_words(low_ab, low_cd), to + kVectorBytes);
    vectors_.store_all(vectors_.low_words(high_ab, high_cd), to + 2 * kVectorBytes);
    vectors_.store_all(vectors_.high_words(high_ab, high_cd), to + 3 * kVectorBytes);
  }

  void filter(const uint8_t* quads, int position) const {
    Integers sums[kVectorsOfBlock];
    JETSONCAPTION_UNROLL
    for (int i = 0; i < kVectorsOfBlock; ++i)
      sums[i] = offsets_[i];
    JETSONCAPTION_UNROLL
    for (int column = 0; column < Kernel; ++column)
      add(quads + column * kBytesOfColumn, column, sums);
    if (Kernel == 5) {
      const uint8_t* last_row = quads + kVectorsOfBlock * kVectorBytes;
      add(last_row, 5, sums);
      add(last_row + 4 * kBytesOfColumn, 6, sums);
    }
    JETSONCAPTION_UNROLL
    for (int i = 0; i < kVectorsOfBlock; ++i)
      sums[i] = vectors_.round(sums[i], scales_[i], bias_[i], a_.requantization.zero_point);
    vectors_.store(vectors_.narrow(sums, a_.requantization.zero_point),
                   a_.output + static_cast<ptrdiff_t>(position) * a_.channels + channel_);
  }

  void add(const uint8_t* quads, int quad, Integers* sums) const {
    JETSONCAPTION_UNROLL
    for (int i = 0; i < kVectorsOfBlock; ++i) {
      sums[i] = Vectors::add(sums[i], vectors_.load_all(quads + i * kVectorBytes),
                             weights_[quad * kVectorsOfBlock + i]);
    }
  }

  const DepthwiseArguments& a_;
  const int channel_;
  const Vectors vectors_;
  Integers weights_[kQuads * kVectorsOfBlock];
  Integers offsets_[kVectorsOfBlock];
  Floats scales_[kVectorsOfBlock], bias_[kVectorsOfBlock];
  alignas(64) uint8_t quads_[kMostColumns * kBytesOfColumn];
};

template <class Vectors>
void filter_block(const DepthwiseArguments& a, int channel) {
  if (a.kernel == 3)
    QuadFilter<Vectors, 3>(a, channel).run();
  else
    QuadFilter<Vectors, 5>(a, channel).run();
}

template <class Vectors>
void filter_quads(const DepthwiseArguments& a) {
  for (int channel = 0; channel < a.channels; channel += Vectors::kMost)
    filter_block<Vectors>(a, channel);
}

}  // namespace
}  // namespace jetsoncaption
