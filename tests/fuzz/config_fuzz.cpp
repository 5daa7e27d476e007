// SPDX-License-Identifier: LGPL-2.1-or-later
// config.json of a bundle from a stranger. What is read must also be written and read again alike.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "bundle/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = jetsoncaption::parse_config(
      std::string(reinterpret_cast<const char*>(data), size), "config.json");
  if (!config.ok())
    return config.error().message.empty() ? (std::abort(), 0) : 0;
  const std::string text = jetsoncaption::format_config(config.value());
  const auto again = jetsoncaption::parse_config(text, "config.json");
  if (!again.ok() || jetsoncaption::format_config(again.value()) != text)
    std::abort();
  return 0;
}
