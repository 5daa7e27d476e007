// SPDX-License-Identifier: LGPL-2.1-or-later
// The doctor's helpers: programs that try what may end a process, and print JSON objects.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tools/child_process.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {

constexpr std::chrono::seconds kProbeTimeout{120};  // a Nano with a slow card takes half a minute

// Beside this program, as in a build folder, else where it is installed.
std::string find_probe(const std::string& name);

// How a probe ended that did not say what it should: the end of a sentence, and another.
std::string end_of_probe(const ChildResult& probe);

// The objects among the lines, for libraries may print lines of their own.
std::vector<nlohmann::json> json_lines(const std::string& text);

}  // namespace jetsoncaption
