// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a figure grows that was read for a while, and that goes up and down with what is done.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace jetsoncaption {

struct Reading {
  double seconds;
  double value;
};

struct Growth {
  double an_hour = 0;
  double error = 0;    // standard error of it
  size_t periods = 0;  // that it was reckoned from

  // Fewer leave an error that says nothing.
  bool is_known() const { return periods >= 6; }
  // More than `allowed` an hour, and more than chance makes of a figure that stays: at 97.5 %, one
  // side, where Student's t for n degrees of freedom is nearly 2 + 3 / n.
  bool is_seen(double allowed) const {
    return is_known() &&
           an_hour > std::max(allowed, (2 + 3 / static_cast<double>(periods - 2)) * error);
  }
};

// A line by least squares through the means of whole periods of `period` seconds: what comes back
// in each cancels, and neighbouring readings, which are nearly one reading, do not count as many.
// The first readings are left out where there is not a whole number of periods.
inline Growth growth_of(const std::vector<Reading>& readings, double period) {
  Growth growth;
  if (readings.empty() || period <= 0)
    return growth;
  const double end = readings.back().seconds;
  growth.periods = static_cast<size_t>((end - readings.front().seconds) / period);
  if (growth.periods < 3)
    return growth;
  std::vector<double> sums(growth.periods), counts(growth.periods);
  for (const Reading& reading : readings) {
    const auto before_end = static_cast<size_t>((end - reading.seconds) / period);
    if (before_end < growth.periods) {
      sums[growth.periods - 1 - before_end] += reading.value;
      counts[growth.periods - 1 - before_end]++;
    }
  }
  const auto count = static_cast<double>(growth.periods);
  const double middle = (count - 1) / 2;
  double mean = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < growth.periods; i++) {
    sums[i] /= std::max(counts[i], 1.0);
    mean += sums[i] / count;
  }
  for (size_t i = 0; i < growth.periods; i++) {
    const double x = static_cast<double>(i) - middle;
    xx += x * x;
    xy += x * (sums[i] - mean);
  }
  const double slope = xy / xx;
  double left = 0;
  for (size_t i = 0; i < growth.periods; i++) {
    const double off = sums[i] - mean - slope * (static_cast<double>(i) - middle);
    left += off * off;
  }
  growth.an_hour = slope / period * 3600;
  growth.error = std::sqrt(left / (count - 2) / xx) / period * 3600;
  return growth;
}

}  // namespace jetsoncaption
