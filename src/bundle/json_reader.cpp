// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads JSON that nobody vouches for, and shows its values in error messages.
#include "bundle/json_reader.h"

#include <utility>
#include <vector>

namespace jetsoncaption {

namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxValues = 500000;
constexpr size_t kMaxShown = 80;

// As deep as kMaxDepth at most.
void take_apart(json& value) {
  if (!value.is_structured())
    return;
  for (json& part : value)
    take_apart(part);
  value.clear();
}

// Builds the value while the parser reports its parts. The library's own builder keeps the last of
// two equal keys and knows no limits.
//
// Not derived from nlohmann::json_sax: its set of pure virtual functions differs between versions
// (binary() came with 3.8); the parser only asks for functions of these names.
class LimitedBuilder {
 public:
  LimitedBuilder() = default;
  LimitedBuilder(const LimitedBuilder&) = delete;
  LimitedBuilder& operator=(const LimitedBuilder&) = delete;
  ~LimitedBuilder() { take_apart(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(json::number_integer_t value) { return add(value); }
  bool number_unsigned(json::number_unsigned_t value) { return add(value); }
  bool number_float(json::number_float_t value, const std::string& /*text*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  template <typename Binary>
  bool binary(Binary& /*value*/) {
    return false;  // never in JSON text
  }

  bool start_object(size_t /*elements*/) { return open(json::object()); }
  bool start_array(size_t /*elements*/) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (open_.back()->find(name) != open_.back()->end()) {
      return refuse("has the key " + show(name) + " twice in one object; remove one of them");
    }
    key_ = std::move(name);
    return true;
  }

  template <typename Exception>
  bool parse_error(size_t position, const std::string& /*token*/, const Exception& /*exception*/) {
    return refuse("is not valid JSON at byte " + std::to_string(position) +
                  "; use JSON in UTF-8 without trailing text");
  }

  json& value() { return root_; }
  const std::string& fault() const { return fault_; }

 private:
  bool refuse(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  json* place(json value) {
    if (open_.empty())
      return &(root_ = std::move(value));
    if (open_.back()->is_object())
      return &((*open_.back())[key_] = std::move(value));
    open_.back()->push_back(std::move(value));
    return &open_.back()->back();
  }

  bool add(json value) {
    if (++values_ > kMaxValues) {
      return refuse("has more than " + std::to_string(kMaxValues) + " values; use fewer");
    }
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (open_.size() == kMaxDepth) {
      return refuse("is nested more than " + std::to_string(kMaxDepth) +
                    " levels deep; use fewer levels");
    }
    if (++values_ > kMaxValues) {
      return refuse("has more than " + std::to_string(kMaxValues) + " values; use fewer");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  // The objects and arrays that are not closed yet. The pointers stay valid: only the innermost
  // one grows.
  std::vector<json*> open_;
  std::string key_;
  size_t values_ = 0;
  std::string fault_;
};

}  // namespace

JsonDocument::~JsonDocument() {
  take_apart(root_);
}

Result<JsonDocument> read_json_object(const std::string& text, const std::string& where) {
  // The parser takes a zero byte for the end of the text, and skips a byte order mark.
  const size_t zero = text.find('\0');
  if (zero != std::string::npos) {
    return Error{ErrorKind::CorruptModel,
                 where + " has a zero byte at byte " + std::to_string(zero) + "; use JSON text"};
  }
  if (text.find('{') != text.find_first_not_of(" \t\r\n") || text.find('{') == std::string::npos) {
    return Error{ErrorKind::CorruptModel,
                 where + " begins with " + show(text.substr(0, 8)) + "; use a JSON object"};
  }
  LimitedBuilder builder;
  if (!json::sax_parse(text, &builder)) {
    return Error{ErrorKind::CorruptModel, where + " " + builder.fault()};
  }
  return JsonDocument(std::move(builder.value()));
}

std::string show(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kMaxShown)
    text = text.substr(0, kMaxShown) + "...";
  return text;
}

}  // namespace jetsoncaption
