// SPDX-License-Identifier: LGPL-2.1-or-later
// Rounds to what matters.
#include "base/duration.h"

#include <cmath>
#include <cstdio>

namespace jetsoncaption {

std::string format_duration(double seconds) {
  const long all = std::lround(std::fmax(0.0, seconds));
  char text[64];
  if (all < 60) {
    std::snprintf(text, sizeof text, "%ld s", all);
  } else if (all < 3600) {
    std::snprintf(text, sizeof text, "%ld min %02ld s", all / 60, all % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld h %02ld min", all / 3600, all % 3600 / 60);
  }
  return text;
}

}  // namespace jetsoncaption
