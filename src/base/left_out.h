// SPDX-License-Identifier: LGPL-2.1-or-later
// What could not be used of a long list: everything is counted, the first few are named.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace jetsoncaption {

struct LeftOut {
  static constexpr size_t kNamed = 10;

  size_t count = 0;
  std::vector<std::string> named;  // "line 17: there is no sentence"

  void add(std::string why) {
    ++count;
    if (named.size() < kNamed)
      named.push_back(std::move(why));
  }

  // A line for each that is named, and one for the rest; "" when nothing was left out.
  std::string text() const {
    std::string lines;
    for (const std::string& why : named)
      lines += "  " + why + "\n";
    if (count > named.size())
      lines += "  and " + std::to_string(count - named.size()) + " more\n";
    return lines;
  }

  // "3 lines are left out:" and that text, of `what` "lines are left out".
  std::string told(const std::string& what) const {
    std::string all = std::to_string(count) + " " + what + ":\n" + text();
    all.pop_back();
    return all;
  }
};

}  // namespace jetsoncaption
