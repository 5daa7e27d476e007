// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights with which the pixels of one axis of a picture become fewer or more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace jetsoncaption {

// Makes `to` results from `from` pixels in a row, of which `shared` each have one sample, the last
// ones perhaps fewer. Result i is the sum over k < count(i) of
// weights(i)[k] * sample[first(i) + k], divided by `one`.
//
// A triangle around the centre of each result, as in linear interpolation, widened when shrinking
// so that nothing aliases, as Pillow's BILINEAR resize does. All in whole numbers: the same on
// every machine. The weights of a result are not negative and sum to `one` exactly, so that a solid
// color stays what it is. That of a shared sample is the sum of those of its pixels, so that it
// does not matter whether the pixels are made first.
class TriangleFilter {
 public:
  TriangleFilter() = default;

  // from, to, one and shared are at least 1; one times the square of the larger of from and to is
  // below 2^61. May throw std::bad_alloc.
  TriangleFilter(int from, int to, int16_t one, int shared = 1);

  int from() const { return from_; }
  int to() const { return static_cast<int>(taps_.size()); }
  int most_taps() const { return most_taps_; }  // the largest count(i)

  int first(int i) const { return taps_[static_cast<size_t>(i)].first; }
  int count(int i) const { return taps_[static_cast<size_t>(i)].count; }
  const int16_t* weights(int i) const {
    return weights_.data() + taps_[static_cast<size_t>(i)].offset;
  }

 private:
  struct Tap {
    int first = 0;
    int count = 0;
    size_t offset = 0;  // of the weights
  };

  int from_ = 0;
  int most_taps_ = 0;
  std::vector<Tap> taps_;
  std::vector<int16_t> weights_;
};

}  // namespace jetsoncaption
