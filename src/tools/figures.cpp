// SPDX-License-Identifier: LGPL-2.1-or-later
// Rounds, prints and summarises figures.
#include "tools/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace jetsoncaption {

double rounded(double value, int decimals) {
  const double unit = std::pow(10.0, decimals);
  return std::round(value * unit) / unit;
}

std::string format_fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string format_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

double percentile(std::vector<double> values, double percent) {
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const size_t index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  const auto wanted = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), wanted, values.end());
  return *wanted;
}

}  // namespace jetsoncaption
