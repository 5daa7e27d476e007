// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes small TensorFlow Lite files, for tests of what reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/tflite_file.h"

namespace jetsoncaption {

// The bytes of a file with one graph. Of each tensor all fields are written, of each operator those
// that a TfliteOperator has.
std::string tflite_bytes(const TfliteModel& model);

}  // namespace jetsoncaption
