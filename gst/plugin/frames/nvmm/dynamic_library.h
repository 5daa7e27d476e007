// SPDX-License-Identifier: LGPL-2.1-or-later
// A shared library of the board, opened by its name, and its functions.
#pragma once

#include <string>

namespace jetsoncaption {

// Stays open for as long as the process lives.
class DynamicLibrary {
 public:
  // Looks for `name` where the dynamic loader does, then in the folders of JetPack 4 to 7. Nothing
  // is open if it is not there.
  static DynamicLibrary open(const std::string& name);

  // The places where open() looks for `name`, for messages.
  static std::string places(const std::string& name);

  explicit operator bool() const { return handle_ != nullptr; }

  bool has(const char* function) const { return find(function) != nullptr; }

  // Sets `function` to the function of that name; false, and null, if there is none.
  template <typename F>
  bool get(const char* name, F*& function) const {
    function = reinterpret_cast<F*>(find(name));
    return function != nullptr;
  }

 private:
  void* find(const char* function) const;

  void* handle_ = nullptr;
};

}  // namespace jetsoncaption
