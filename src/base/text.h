// SPDX-License-Identifier: LGPL-2.1-or-later
// What std::string lacks before C++20.
#pragma once

#include <string>

namespace jetsoncaption {

inline bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

inline bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace jetsoncaption
