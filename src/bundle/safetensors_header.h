// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the JSON header of a safetensors file: which tensor lies where.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/safetensors.h"

namespace jetsoncaption {

// A tensor whose data lies at bytes [begin, end) of the file's data.
struct SafetensorsEntry {
  std::string name;
  TensorView tensor;  // data is nullptr
  uint64_t begin = 0;
  uint64_t end = 0;
};

// The header maps each name to {"dtype", "shape", "data_offsets": [begin, end]}; "__metadata__" is
// an object of texts. The tensors must fill the data from its first byte to its last, each byte
// belonging to one tensor, and be aligned to their elements in a file whose data starts at byte
// `data_begin`. `path` begins the messages. CorruptModel. In the order of the data.
Result<std::vector<SafetensorsEntry>> parse_safetensors_header(const std::string& header,
                                                               uint64_t data_begin,
                                                               uint64_t data_bytes,
                                                               const std::string& path);

}  // namespace jetsoncaption
