// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds a record while the parser reports its parts.
#include "text/json_records.h"

namespace jetsoncaption {
namespace {

constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxValuesOfRecord = 10000;

}  // namespace

JsonRecords::JsonRecords(size_t depth, Deliver deliver)
    : record_depth_(depth), deliver_(std::move(deliver)) {}

bool JsonRecords::key(std::string& name) {
  if (depth_ == 1 && record_depth_ > 0)
    section_ = name;
  key_ = std::move(name);
  return true;
}

bool JsonRecords::refuse(std::string fault) {
  fault_ = std::move(fault);
  return false;
}

// Adds to the innermost object or array that is open in the record, or begins the record.
JsonRecords::Json* JsonRecords::place(Json value) {
  if (open_in_record_.empty())
    return &(record_ = std::move(value));
  Json& inner = *open_in_record_.back();
  if (inner.is_object())
    return &(inner[key_] = std::move(value));
  inner.push_back(std::move(value));
  return &inner.back();
}

bool JsonRecords::add(Json value) {
  if (depth_ < record_depth_)
    return true;
  if (++values_ > kMaxValuesOfRecord)
    return refuse("a record has more than " + std::to_string(kMaxValuesOfRecord) + " values");
  place(std::move(value));
  if (depth_ > record_depth_)
    return true;
  values_ = 0;
  return deliver_(section_, std::move(record_));
}

bool JsonRecords::open(Json empty) {
  if (depth_ == kMaxDepth)
    return refuse("it is nested more than " + std::to_string(kMaxDepth) + " levels deep");
  if (depth_ >= record_depth_) {
    if (++values_ > kMaxValuesOfRecord)
      return refuse("a record has more than " + std::to_string(kMaxValuesOfRecord) + " values");
    open_in_record_.push_back(place(std::move(empty)));
  }
  ++depth_;
  return true;
}

bool JsonRecords::close() {
  --depth_;
  if (depth_ < record_depth_)
    return true;
  open_in_record_.pop_back();
  if (depth_ > record_depth_)
    return true;
  values_ = 0;
  return deliver_(section_, std::move(record_));
}

}  // namespace jetsoncaption
