// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks through JSON text and hands out small parts of it one by one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace jetsoncaption {

// For nlohmann::json::sax_parse(). A record is whatever stands inside so many objects and arrays:
// 0 for the whole text, 1 for the entries of an array, 2 for the entries of the arrays in an
// object. A file of a hundred megabytes is never a tree in memory, a record has limits, and
// nothing here recurses.
//
// Not derived from nlohmann::json_sax: its set of pure virtual functions differs between versions
// (binary() came with 3.8); the parser only asks for functions of these names.
class JsonRecords {
 public:
  using Json = nlohmann::json;
  // `section` is the key, in the outermost object, below which the record is. False stops.
  using Deliver = std::function<bool(const std::string& section, Json record)>;

  JsonRecords(size_t depth, Deliver deliver);

  // Why the parser stopped, or "".
  const std::string& fault() const { return fault_; }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  template <typename Binary>
  bool binary(Binary& /*value*/) {
    return false;  // never in JSON text
  }
  bool start_object(size_t /*elements*/) { return open(Json::object()); }
  bool start_array(size_t /*elements*/) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name);
  template <typename Exception>
  bool parse_error(size_t position, const std::string& /*token*/, const Exception& /*exception*/) {
    return refuse("it is not JSON from byte " + std::to_string(position) + " on");
  }

 private:
  bool refuse(std::string fault);
  Json* place(Json value);
  bool add(Json value);
  bool open(Json empty);
  bool close();

  const size_t record_depth_;
  const Deliver deliver_;
  size_t depth_ = 0;  // objects and arrays that are open
  std::string section_;
  Json record_;
  std::vector<Json*> open_in_record_;  // stay valid: only the innermost one grows
  std::string key_;
  size_t values_ = 0;  // in the record
  std::string fault_;
};

}  // namespace jetsoncaption
