// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads JSON that nobody vouches for, and shows its values in error messages.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {

// What was read. nlohmann::json takes memory when an array or object with something in it goes, and
// ends the program where there is none; this takes it apart from the inside, which needs nothing.
class JsonDocument {
 public:
  explicit JsonDocument(nlohmann::json root) : root_(std::move(root)) {}
  JsonDocument(JsonDocument&&) noexcept = default;
  JsonDocument& operator=(JsonDocument&&) = delete;
  ~JsonDocument();

  const nlohmann::json& root() const { return root_; }

 private:
  nlohmann::json root_;
};

// The text must be one JSON object in UTF-8 from its first byte to its last (blanks may follow),
// with no key twice in an object, at most 32 levels deep and at most 500,000 values in all, so that
// neither the stack nor memory runs out. `where` begins the message: "models/x/config.json".
// CorruptModel. Throws only std::bad_alloc.
Result<JsonDocument> read_json_object(const std::string& text, const std::string& where);

// A value, or a text, as it may stand in a message: JSON in ASCII, cut when it is long.
std::string show(const nlohmann::json& value);

}  // namespace jetsoncaption
