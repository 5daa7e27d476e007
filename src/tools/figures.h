// SPDX-License-Identifier: LGPL-2.1-or-later
// Figures as people and programs read them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace jetsoncaption {

// Rounded to so many decimals, so that JSON shows 0.4123 and not sixteen digits.
double rounded(double value, int decimals);

// "3.14"
std::string format_fixed(double value, int decimals);

// On one line; bytes that are not UTF-8, as file names may have, are replaced.
std::string format_json(const nlohmann::json& value);

// The value that `percent` of the values do not exceed (nearest rank), 0 < percent <= 100. There
// must be at least one value.
double percentile(std::vector<double> values, double percent);

}  // namespace jetsoncaption
