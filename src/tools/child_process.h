// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs another program and waits for what it prints.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

struct ChildResult {
  std::string output;      // standard output; standard error is that of this program
  int exit_code = -1;      // -1 when it did not end by itself
  int signal = 0;          // that ended it; 0: none
  bool timed_out = false;  // it was ended because it took too long
};

// `arguments` begins with the program's path. NotFound when it cannot be started, Internal when
// this system has no process or pipe left.
Result<ChildResult> run_child(const std::vector<std::string>& arguments,
                              std::chrono::seconds timeout);

}  // namespace jetsoncaption
