// SPDX-License-Identifier: LGPL-2.1-or-later
// Durations as people say them.
#pragma once

#include <string>

namespace jetsoncaption {

// "12 s", "3 min 05 s", "2 h 07 min".
std::string format_duration(double seconds);

}  // namespace jetsoncaption
