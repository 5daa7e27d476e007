// SPDX-License-Identifier: LGPL-2.1-or-later
// The beginning of a picture file, which is looked at before GStreamer decodes it.
#include <cstddef>
#include <cstdint>

#include "tools/picture_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace jetsoncaption;
  const ByteReader file(data, size, false);
  const auto kind = find_picture_kind(file);
  if (kind)
    (void)read_picture_header(*kind, file);
  return 0;
}
