// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes messages without what acts on a terminal.
#include "tools/messages.h"

#include <iostream>

#include "text/plain_text.h"

#include <unistd.h>

namespace jetsoncaption {

void print_error(const std::string& message) {
  std::cerr << "jetsoncaption: " << show_active_characters(message) << std::endl;
}

void print_warning(const std::string& message) {
  print_error("warning: " + message);
}

std::string shown_name(const std::string& name) {
  return isatty(STDOUT_FILENO) != 0 ? show_active_characters(name) : name;
}

}  // namespace jetsoncaption
