// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the fields of a JSON file with a check of type and range, and words the first fault.
#include "bundle/json_field.h"

#include <cstdint>
#include <utility>

#include "bundle/json_reader.h"
#include "text/plain_text.h"

namespace jetsoncaption {

namespace {

constexpr size_t kMaxTextBytes = 4096;

// Comparing a JSON value with a text takes memory, and ends the program where there is none.
bool is_text(const std::string& expected, const nlohmann::json& value) {
  return value.is_string() && value.get_ref<const std::string&>() == expected;
}

std::string count_text(int64_t minimum, int64_t maximum) {
  if (minimum == maximum)
    return std::to_string(minimum);
  return std::to_string(minimum) + " to " + std::to_string(maximum);
}

}  // namespace

JsonField::JsonField(const nlohmann::json* value, std::string path, std::string* fault)
    : value_(value), path_(std::move(path)), fault_(fault) {}

void JsonField::refuse(const std::string& remedy) const {
  if (!fault_->empty())
    return;
  *fault_ = path_ + (value_ == nullptr ? " is missing" : " is " + show(*value_)) + "; " + remedy;
}

JsonField JsonField::member(const std::string& name) const {
  const std::string path = path_.empty() ? name : path_ + "." + name;
  if (value_ == nullptr || !value_->is_object()) {
    refuse("use an object");
    return JsonField(nullptr, path, fault_);
  }
  const auto found = value_->find(name);
  return JsonField(found == value_->end() ? nullptr : &*found, path, fault_);
}

std::vector<JsonField> JsonField::entries(size_t minimum, size_t maximum) const {
  std::vector<JsonField> fields;
  if (value_ == nullptr || !value_->is_array() || value_->size() < minimum ||
      value_->size() > maximum) {
    refuse("use an array of " +
           count_text(static_cast<int64_t>(minimum), static_cast<int64_t>(maximum)) + " entries");
    return fields;
  }
  for (size_t i = 0; i < value_->size(); ++i) {
    fields.emplace_back(&(*value_)[i], path_ + "[" + std::to_string(i) + "]", fault_);
  }
  return fields;
}

int JsonField::integer(int minimum, int maximum) const {
  // Compared as double: an unsigned 64-bit number may not fit in a signed one.
  if (value_ == nullptr || !value_->is_number_integer() || value_->get<double>() < minimum ||
      value_->get<double>() > maximum) {
    refuse(minimum == maximum ? "use " + std::to_string(minimum)
                              : "use a whole number from " + count_text(minimum, maximum));
    return minimum;
  }
  return value_->get<int>();
}

float JsonField::number(double minimum, double maximum, const std::string& remedy) const {
  if (value_ == nullptr || !value_->is_number() || value_->get<double>() < minimum ||
      value_->get<double>() > maximum) {
    refuse(remedy);
    return static_cast<float>(minimum);
  }
  return value_->get<float>();
}

bool JsonField::boolean() const {
  if (value_ == nullptr || !value_->is_boolean()) {
    refuse("use true or false");
    return false;
  }
  return value_->get<bool>();
}

std::string JsonField::text() const {
  if (value_ == nullptr || !value_->is_string() || value_->get_ref<const std::string&>().empty() ||
      value_->get_ref<const std::string&>().size() > kMaxTextBytes) {
    refuse("use a text of 1 to " + std::to_string(kMaxTextBytes) + " bytes");
    return "";
  }
  // It is shown on terminals, in messages and on the screen.
  if (const char* active = find_active_character(value_->get_ref<const std::string&>())) {
    refuse("use a text without " + std::string(active));
    return "";
  }
  return value_->get<std::string>();
}

std::string JsonField::remark() const {
  if (value_ == nullptr || is_text("", *value_))
    return "";
  return text();
}

std::string JsonField::object_text() const {
  if (value_ == nullptr)
    return "{}";
  if (!value_->is_object())
    refuse("use an object");
  return value_->dump();
}

void JsonField::expect_text(const std::string& expected) const {
  if (value_ == nullptr || !is_text(expected, *value_))
    refuse("use " + show(expected));
}

void JsonField::expect_integer(int expected) const {
  integer(expected, expected);
}

}  // namespace jetsoncaption
