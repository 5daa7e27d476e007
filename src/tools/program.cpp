// SPDX-License-Identifier: LGPL-2.1-or-later
// Chooses the subcommand and turns its outcome into an exit code.
#include "tools/program.h"

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "base/log.h"
#include "tools/commands.h"
#include "tools/messages.h"

#include <CLI/CLI.hpp>

namespace jetsoncaption {

namespace {

// The core never prints: its warnings come here. Remarks below a warning would only be noise.
void print_core_warning(LogLevel level, const std::string& message) {
  if (level == LogLevel::Warning) {
    print_warning(message);
  }
}

int parse(CLI::App& program, int argc, char** argv, const int& exit_code) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    // What is superfluous says more than what is missing because of it.
    const std::vector<std::string> superfluous = program.remaining(true);
    if (superfluous.empty())
      return program.exit(error) == 0 ? kAllWell : kWrongCall;
    const std::string word = "'" + superfluous[0] + "'";
    const bool is_option = superfluous[0][0] == '-';
    if (program.get_subcommands().empty())
      print_error(word + (is_option ? " is no option here; a command comes first"
                                    : " is no command; see jetsoncaption --help"));
    else if (is_option)
      print_error(word + " is no option; see --help, and write ./" + superfluous[0] +
                  " for a file of that name");
    else
      print_error(word + " is not expected, and " + error.what() + "; see --help");
    return kWrongCall;
  } catch (const CLI::ParseError& error) {
    // Help and version arrive here too, with exit code 0.
    return program.exit(error) == 0 ? kAllWell : kWrongCall;
  }
  if (!std::cout.flush()) {
    std::cerr
        << "jetsoncaption: the results cannot be written to standard output; is the disk full?"
        << std::endl;
    return kSomeFailed;
  }
  return exit_code;
}

}  // namespace

int run_program(int argc, char** argv, const std::string& description,
                const std::function<void(CLI::App& program, int& exit_code)>& add_commands) {
  set_log_sink(print_core_warning);
  try {
    int exit_code = kAllWell;
    CLI::App program(description, "jetsoncaption");
    program.require_subcommand(1);
    program.set_version_flag("--version", "jetsoncaption " JETSONCAPTION_VERSION);
    program.footer(
        "Exit code: 0 all went well, 1 some inputs failed, 2 the call is wrong.\n"
        "`jetsoncaption COMMAND --help` shows the options of a command and examples.");
    add_commands(program, exit_code);
    return parse(program, argc, argv, exit_code);
  } catch (const std::exception& error) {
    print_error(std::string("stopped unexpectedly: ") + error.what());
    return kSomeFailed;
  }
}

}  // namespace jetsoncaption
