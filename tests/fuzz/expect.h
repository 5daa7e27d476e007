// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends a fuzz target where something is not as it must be.
#pragma once

#include <cstdlib>

inline void expect(bool truth) {
  if (!truth)
    std::abort();
}
