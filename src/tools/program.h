// SPDX-License-Identifier: LGPL-2.1-or-later
// What the programs `jetsoncaption` and `jetsoncaption-train` have in common.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace jetsoncaption {

// Sends warnings of the core to standard error, prepares LibTorch, parses the arguments of main(),
// which runs the subcommand that they name, and returns its exit code. `add_commands` adds the
// subcommands; see commands.h. Nothing escapes.
int run_program(int argc, char** argv, const std::string& description,
                const std::function<void(CLI::App& program, int& exit_code)>& add_commands);

}  // namespace jetsoncaption
