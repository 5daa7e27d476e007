// SPDX-License-Identifier: LGPL-2.1-or-later
// The Shrinker's loops in AVX2: products of 16 bits, two of which vpmaddwd adds to 32.
//
// Nothing of the standard library here: what it inlines would be compiled for AVX2 and could be
// linked into what runs without.
#include "image/shrink_avx2.h"

#include <immintrin.h>

namespace jetsoncaption {

namespace {

constexpr size_t kBlock = 64;  // bytes of a line whose sums fit the registers: eight of them

// May lie anywhere, and be other numbers.
using pair_of_weights [[gnu::may_alias, gnu::aligned(2)]] = int32_t;
using four_weights [[gnu::may_alias, gnu::aligned(2)]] = int64_t;

// The sums of 32 bytes, in the order in which unpacking leaves them.
struct Sums {
  __m256i parts[4];
};

// Of two lines, beside each other.
__m256i load_pair(const int16_t* weights) {
  return _mm256_set1_epi32(*reinterpret_cast<const pair_of_weights*>(weights));
}

void add_pair(const uint8_t* line, const uint8_t* next, __m256i weights, Sums& sums) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(line));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(next));
  const __m256i low = _mm256_unpacklo_epi8(a, b);
  const __m256i high = _mm256_unpackhi_epi8(a, b);
  const __m256i pairs[4] = {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
                            _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
  for (int i = 0; i < 4; ++i)
    sums.parts[i] = _mm256_add_epi32(sums.parts[i], _mm256_madd_epi16(pairs[i], weights));
}

void store(const Sums& sums, uint8_t* average) {
  __m256i shifted[4];
  for (int i = 0; i < 4; ++i)
    shifted[i] = _mm256_srai_epi32(sums.parts[i], kWeightBits);
  const __m256i low = _mm256_packs_epi32(shifted[0], shifted[1]);
  const __m256i high = _mm256_packs_epi32(shifted[2], shifted[3]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(average), _mm256_packus_epi16(low, high));
}

// Averages 32 * count bytes.
template <int count>
void average_block(const LinesArguments& lines, size_t begin) {
  const __m256i half = _mm256_set1_epi32(kWeightOne / 2);
  Sums sums[count];
  for (Sums& each : sums) {
    for (__m256i& part : each.parts)
      part = half;
  }
  const uint8_t* line = lines.top + begin;
  const int pairs_end = lines.count & ~1;
  for (int k = 0; k < pairs_end; k += 2, line += 2 * lines.stride) {
    const __m256i weights = load_pair(lines.weights + k);
    for (int i = 0; i < count; ++i)
      add_pair(line + 32 * i, line + lines.stride + 32 * i, weights, sums[i]);
  }
  if (pairs_end < lines.count) {
    const __m256i weights = _mm256_set1_epi32(lines.weights[pairs_end]);  // the other one is 0
    for (int i = 0; i < count; ++i)
      add_pair(line + 32 * i, line + 32 * i, weights, sums[i]);
  }
  // About half of the lines for the next row are new; nothing else tells the cache of so many lines
  // at once. Behind the last row that is harmless.
  for (int k = 0; k < lines.count / 2; ++k)
    _mm_prefetch(reinterpret_cast<const char*>(line) + (k + 1) * lines.stride, _MM_HINT_T1);
  for (int i = 0; i < count; ++i)
    store(sums[i], lines.average + begin + 32 * i);
}

void average_bytes(const LinesArguments& lines) {
  for (size_t i = 0; i < lines.bytes; ++i) {
    int32_t sum = kWeightOne / 2;
    for (int k = 0; k < lines.count; ++k)
      sum += lines.weights[k] * lines.top[k * lines.stride + static_cast<ptrdiff_t>(i)];
    lines.average[i] = static_cast<uint8_t>(sum >> kWeightBits);
  }
}

void average_lines(const LinesArguments& lines) {
  if (lines.bytes < 32)
    return average_bytes(lines);
  size_t begin = 0;
  for (; begin + kBlock <= lines.bytes; begin += kBlock)
    average_block<2>(lines, begin);
  // What is left over, with some of what is done already: it comes out the same.
  for (; begin < lines.bytes; begin += 32)
    average_block<1>(lines, begin + 32 <= lines.bytes ? begin : lines.bytes - 32);
}

// How samples and weights get into pairs of 16 bits that meet: each sum of 32 bits is of one
// component and two neighbouring samples.
struct Places {
  __m256i samples;
  __m256i weights;
};

// `together` samples of each component are read at a time, 16 bytes at most. Sum s of each half is
// of component s % spread.
Places find_places(const ColumnsArguments& columns, int together, int spread) {
  alignas(32) uint8_t samples[32];
  alignas(32) uint8_t weights[32];
  for (int i = 0; i < 32; ++i)
    samples[i] = weights[i] = 0x80;  // makes a zero
  const int pairs = together / 4;    // of each component in each half
  for (int sum = 0; sum < 8; ++sum) {
    const int component = sum % 4 % spread;
    const int pair = sum % 4 / spread;
    if (component >= columns.components || pair >= pairs)
      continue;
    for (int i = 0; i < 2; ++i) {
      const int sample = sum / 4 * (together / 2) + 2 * pair + i;
      const int at = 4 * sum + 2 * i;
      samples[at] = static_cast<uint8_t>(columns.offsets[component] + sample * columns.step);
      weights[at] = static_cast<uint8_t>(2 * sample);
      weights[at + 1] = static_cast<uint8_t>(2 * sample + 1);
    }
  }
  return {_mm256_load_si256(reinterpret_cast<const __m256i*>(samples)),
          _mm256_load_si256(reinterpret_cast<const __m256i*>(weights))};
}

template <int together>
__m256i load_weights(const int16_t* weights, __m256i places) {
  if (together == 16)
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
  const __m256i few =
      together == 8
          ? _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)))
          : _mm256_set1_epi64x(*reinterpret_cast<const four_weights*>(weights));
  return _mm256_shuffle_epi8(few, places);
}

void store_four(__m128i averages, int16_t* into) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(into), averages);
}

__m128i add_halves(__m256i sums) {
  return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

// Rounds sums of 32 bits.
class Rounding {
 public:
  explicit Rounding(int shift)
      : half_(_mm_set1_epi32(1 << (shift - 1))), shift_(_mm_cvtsi32_si128(shift)) {}
  __m128i operator()(__m128i low, __m128i high) const {
    return _mm_packs_epi32(one(low), one(high));
  }

 private:
  __m128i one(__m128i sums) const { return _mm_sra_epi32(_mm_add_epi32(sums, half_), shift_); }

  const __m128i half_;
  const __m128i shift_;
};

// Each of the four has eight sums of one component.
void store_one_component(const __m256i* sums, Rounding round, const ColumnsArguments& columns,
                         int x) {
  const __m128i four = add_halves(
      _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3])));
  store_four(round(four, four), columns.averages[0] + x);
}

// Each of the four has sums of two components in turn.
void store_two_components(const __m256i* sums, Rounding round, const ColumnsArguments& columns,
                          int x) {
  const __m128i low = add_halves(_mm256_add_epi32(_mm256_unpacklo_epi64(sums[0], sums[1]),
                                                  _mm256_unpackhi_epi64(sums[0], sums[1])));
  const __m128i high = add_halves(_mm256_add_epi32(_mm256_unpacklo_epi64(sums[2], sums[3]),
                                                   _mm256_unpackhi_epi64(sums[2], sums[3])));
  const __m128i in_turn = round(low, high);  // 0 1 0 1 0 1 0 1
  const __m128i sorted = _mm_shuffle_epi8(
      in_turn, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
  store_four(sorted, columns.averages[0] + x);
  store_four(_mm_unpackhi_epi64(sorted, sorted), columns.averages[1] + x);
}

// Each of the four has sums of up to three components in turn, and of nothing.
void store_three_components(const __m256i* sums, Rounding round, const ColumnsArguments& columns,
                            int x) {
  const __m128i low = round(add_halves(sums[0]), add_halves(sums[1]));
  const __m128i high = round(add_halves(sums[2]), add_halves(sums[3]));
  const __m128i even = _mm_unpacklo_epi16(low, high);  // pictures' columns 0 and 2
  const __m128i odd = _mm_unpackhi_epi16(low, high);   // 1 and 3
  const __m128i first = _mm_unpacklo_epi16(even, odd);
  store_four(first, columns.averages[0] + x);
  if (columns.components > 1)
    store_four(_mm_unpackhi_epi64(first, first), columns.averages[1] + x);
  if (columns.components > 2)
    store_four(_mm_unpackhi_epi16(even, odd), columns.averages[2] + x);
}

// The sums of result x, eight of them.
template <int together>
__m256i add_up(const ColumnsArguments& columns, const Places& places, int x) {
  const uint8_t* samples = columns.line + columns.first[x] * columns.step;
  const int16_t* weights = columns.weights + static_cast<ptrdiff_t>(x) * columns.weight_stride;
  __m256i sums = _mm256_setzero_si256();
  for (int k = 0; k < columns.taps; k += together, samples += together * columns.step) {
    const __m256i values = _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(samples))),
        places.samples);
    sums = _mm256_add_epi32(
        sums, _mm256_madd_epi16(values, load_weights<together>(weights + k, places.weights)));
  }
  return sums;
}

// `spread` components side by side, 1, 2 or 4: as many sums of a vector are of different ones.
template <int together, int spread>
void average_spread(const ColumnsArguments& columns) {
  const Places places = find_places(columns, together, spread);
  const Rounding round(columns.shift);
  for (int x = 0; x < columns.results; x += kResultGroup) {
    const __m256i sums[kResultGroup] = {
        add_up<together>(columns, places, x), add_up<together>(columns, places, x + 1),
        add_up<together>(columns, places, x + 2), add_up<together>(columns, places, x + 3)};
    if (spread == 1)
      store_one_component(sums, round, columns, x);
    else if (spread == 2)
      store_two_components(sums, round, columns, x);
    else
      store_three_components(sums, round, columns, x);
  }
}

void average_columns(const ColumnsArguments& columns) {
  if (columns.step == 1)
    average_spread<16, 1>(columns);
  else if (columns.step == 2 && columns.components == 1)
    average_spread<8, 1>(columns);
  else if (columns.step == 2)
    average_spread<8, 2>(columns);
  else
    average_spread<4, 4>(columns);
}

}  // namespace

const ShrinkKernels avx2_shrink_kernels = {"avx2", average_lines, average_columns};

}  // namespace jetsoncaption
