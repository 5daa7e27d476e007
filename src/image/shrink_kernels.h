// SPDX-License-Identifier: LGPL-2.1-or-later
// The inner loops of the Shrinker as a table of functions, one table an instruction set.
//
// All give the same bits, by one rule of rounding: a result is the sum of weights times bytes,
// exact in 32 bits, plus a half, cut off. Lines are averaged to 8 bits, then columns to as many
// bits as are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace jetsoncaption {

// Weights are fractions of 2^14, so that one that is all there is fits 16 bits too.
constexpr int kWeightBits = 14;
constexpr int kWeightOne = 1 << kWeightBits;

struct LinesArguments {
  const uint8_t* top;
  ptrdiff_t stride;        // bytes from one line to the next
  const int16_t* weights;  // [count], not negative, kWeightOne together
  int count;               // of lines
  size_t bytes;            // of a line; not one more is read
  uint8_t* average;        // [bytes]
};

constexpr int kTapGroup = 16;    // weights of a result are stored as a multiple of it
constexpr int kResultGroup = 4;  // results too: what is too much is made and thrown away

struct ColumnsArguments {
  // Samples of one to three components that lie beside each other. Up to weight_stride steps and 16
  // bytes behind the last sample are read, and meet weights of zero.
  const uint8_t* line;
  int samples;             // of each component
  int step;                // from one to the next, bytes: 1 to 4
  int components;          // at most two where the step is 2, one where it is 1
  int offsets[3];          // of the components' first samples, bytes, below `step`
  int results;             // of each component; a multiple of kResultGroup
  const int* first;        // [results]: the first sample that counts
  const int16_t* weights;  // [results, weight_stride], zero behind those that count
  int taps;                // how many count at most
  int weight_stride;       // a multiple of kTapGroup
  int shift;               // of the sums: kWeightBits gives whole numbers
  int16_t* averages[3];    // [results], for each component
  int16_t* scratch;        // samples + weight_stride numbers
};

struct ShrinkKernels {
  const char* name;  // "avx2"

  void (*average_lines)(const LinesArguments&);
  void (*average_columns)(const ColumnsArguments&);
};

// All that this processor can run: the plain reference first, the fastest last.
const std::vector<const ShrinkKernels*>& runnable_shrink_kernels();

// The fastest, or the plain ones if $JETSONCAPTION_CPU is "reference".
const ShrinkKernels& chosen_shrink_kernels();

}  // namespace jetsoncaption
