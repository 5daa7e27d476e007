// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions of a training set, in whatever format they seem to be.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "text/caption_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto captions =
      jetsoncaption::read_captions(std::string(reinterpret_cast<const char*>(data), size), "file");
  if (!captions.ok())
    return 0;
  for (const auto& picture : captions.value().pictures) {
    if (picture.name.empty() || picture.sentences.empty())
      std::abort();
  }
  return 0;
}
