// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads JSON that nobody vouches for, and shows its values in error messages.
#pragma once

#include <string>

#include "base/result.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {

// The text must be one JSON object in UTF-8 from its first byte to its last (blanks may follow),
// with no key twice in an object, at most 32 levels deep and at most 500,000 values in all, so that
// neither the stack nor memory runs out. `where` begins the message: "models/x/config.json".
// CorruptModel. Throws only std::bad_alloc.
Result<nlohmann::json> read_json_object(const std::string& text, const std::string& where);

// A value, or a text, as it may stand in a message: JSON in ASCII, cut when it is long.
std::string show(const nlohmann::json& value);

}  // namespace jetsoncaption
