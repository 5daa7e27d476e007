// SPDX-License-Identifier: LGPL-2.1-or-later
// vocabulary.txt of a bundle from a stranger.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "text/vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream stream(std::string(reinterpret_cast<const char*>(data), size));
  const auto vocabulary = jetsoncaption::Vocabulary::read(stream, "vocabulary.txt");
  if (!vocabulary.ok())
    return 0;
  for (int id = 0; id < vocabulary.value().size(); ++id) {
    if (vocabulary.value().find(vocabulary.value().word(id)) != id)
      std::abort();
  }
  return 0;
}
