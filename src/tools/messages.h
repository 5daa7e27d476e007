// SPDX-License-Identifier: LGPL-2.1-or-later
// What the programs write for people to read: names of files and what stands in them may hold
// characters that act on a terminal, and are shown instead.
#pragma once

#include <string>

namespace jetsoncaption {

// A line on standard error, behind the program's name.
void print_error(const std::string& message);
void print_warning(const std::string& message);

// A file's name for standard output: as it is for another program, harmless on a terminal.
std::string shown_name(const std::string& name);

}  // namespace jetsoncaption
