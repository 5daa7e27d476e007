// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts `jetsoncaption-train` for the subcommands that are in it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace jetsoncaption {

bool is_trainer_command(const char* word);

// Shows them in the help of `jetsoncaption`; they are never run from there.
void list_trainer_commands(CLI::App& program);

// Becomes that program, with the same arguments; it lies beside this one, or where it is installed.
// Returns an ExitCode only when there is none.
int start_trainer(char** argv);

// Runs it with these arguments, waits, and returns its ExitCode; kWrongCall where there is none.
int run_trainer(const std::vector<std::string>& arguments);

}  // namespace jetsoncaption
