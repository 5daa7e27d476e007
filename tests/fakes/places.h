// SPDX-License-Identifier: LGPL-2.1-or-later
// Where files lie that tests use when they are there. JETSONCAPTION_SOURCE_ROOT comes from meson.
#pragma once

#include <cstdlib>
#include <string>

namespace jetsoncaption {

// Training data and backbones: $JETSONCAPTION_DATA, else beside the source tree.
inline std::string data_directory() {
  const char* chosen = std::getenv("JETSONCAPTION_DATA");
  return chosen ? chosen : JETSONCAPTION_SOURCE_ROOT "/../shared/data";
}

// The bundle that comes with the program, or another: $JETSONCAPTION_MODEL.
inline std::string model_directory() {
  const char* chosen = std::getenv("JETSONCAPTION_MODEL");
  return chosen ? chosen : JETSONCAPTION_SOURCE_ROOT "/models/lite0-gru-everyday";
}

}  // namespace jetsoncaption
