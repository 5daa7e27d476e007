// SPDX-License-Identifier: LGPL-2.1-or-later
// Damages the bytes of a file at random, for tests of readers that must survive any input.
#pragma once

#include <algorithm>
#include <random>
#include <string>

namespace jetsoncaption {

// The same seed damages in the same way on every machine.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : generator_(seed) {}

  // One to four times: a byte changed, a piece removed, a piece repeated, or a digit put in.
  std::string mutate(std::string bytes) {
    for (size_t times = 1 + below(4); times > 0; --times) {
      const size_t at = below(bytes.size() + 1);
      const size_t length = std::min(bytes.size() - at, 1 + below(16));
      switch (below(4)) {
        case 0:
          if (at < bytes.size())
            bytes[at] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.erase(at, length);
          break;
        case 2:
          bytes.insert(at, bytes.substr(at, length));
          break;
        default:
          bytes.insert(at, 1, static_cast<char>('0' + below(10)));
      }
    }
    return bytes;
  }

 private:
  size_t below(size_t limit) { return generator_() % limit; }

  std::mt19937 generator_;
};

}  // namespace jetsoncaption
