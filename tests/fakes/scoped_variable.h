// SPDX-License-Identifier: LGPL-2.1-or-later
// An environment variable for the length of a test.
#pragma once

#include <cstdlib>
#include <string>

namespace jetsoncaption {

// Sets the variable, or takes it away when the value is null. Afterwards it is as it was before.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    const char* before = std::getenv(name);
    was_set_ = before != nullptr;
    before_ = was_set_ ? before : "";
    change(value);
  }
  ScopedVariable(const char* name, const std::string& value)
      : ScopedVariable(name, value.c_str()) {}
  ~ScopedVariable() { change(was_set_ ? before_.c_str() : nullptr); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  void change(const char* value) {
    if (value != nullptr)
      setenv(name_, value, 1);
    else
      unsetenv(name_);
  }

  const char* const name_;
  bool was_set_ = false;
  std::string before_;
};

}  // namespace jetsoncaption
