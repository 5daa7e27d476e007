// SPDX-License-Identifier: LGPL-2.1-or-later
// The header of a weights file from a stranger: tensors must lie in the data, one after the other.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "bundle/safetensors_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4)
    return 0;
  // The first bytes say how much data there is, so that headers can be right.
  const uint64_t data_bytes =
      uint64_t{data[0]} | uint64_t{data[1]} << 8U | uint64_t{data[2]} << 16U;
  const auto entries = jetsoncaption::parse_safetensors_header(
      std::string(reinterpret_cast<const char*>(data) + 3, size - 3), 8 + size, data_bytes, "file");
  if (!entries.ok())
    return 0;
  uint64_t at = 0;
  for (const auto& entry : entries.value()) {
    if (entry.begin != at || entry.end < entry.begin)
      std::abort();
    at = entry.end;
  }
  if (at != data_bytes)
    std::abort();
  return 0;
}
