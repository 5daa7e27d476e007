// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the fields of a JSON file with a check of type and range, and words the first fault.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace jetsoncaption {

// A place in a JSON file. The first fault anywhere is kept in `fault` ("input.width is 33; use a
// multiple of 32"), and every answer after it is only a placeholder in range, so that the code that
// reads a file can look like the file and check once at the end. Borrows the value and the fault.
class JsonField {
 public:
  // value: nullptr when the file has no such field. path: "" for the whole file.
  JsonField(const nlohmann::json* value, std::string path, std::string* fault);

  // Keeps the fault unless there is one: "<path> is <value>; <remedy>".
  void refuse(const std::string& remedy) const;

  bool is_missing() const { return value_ == nullptr; }
  JsonField member(const std::string& name) const;
  // The entries of an array that must have `minimum` to `maximum` of them; none on a fault.
  std::vector<JsonField> entries(size_t minimum, size_t maximum) const;

  // JSON integers only: not 3.0, "3" or true.
  int integer(int minimum, int maximum) const;
  float number(double minimum, double maximum, const std::string& remedy) const;
  bool boolean() const;
  // 1 to 4096 bytes.
  std::string text() const;
  // For what only people read: "" when it is missing.
  std::string remark() const;
  // An object kept as text; "{}" when it is missing.
  std::string object_text() const;

  void expect_text(const std::string& expected) const;
  void expect_integer(int expected) const;

 private:
  const nlohmann::json* value_;
  std::string path_;
  std::string* fault_;
};

}  // namespace jetsoncaption
