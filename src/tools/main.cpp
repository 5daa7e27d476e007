// SPDX-License-Identifier: LGPL-2.1-or-later
// The program `jetsoncaption`: chooses the subcommand and turns its outcome into an exit code.
#include <exception>
#include <iostream>
#include <string>

#include "base/log.h"
#include "model/cuda_device.h"
#include "tools/commands.h"

#include <CLI/CLI.hpp>

namespace {

// The core never prints: its warnings come here. Remarks below a warning would only be noise.
void print_warning(jetsoncaption::LogLevel level, const std::string& message) {
  if (level == jetsoncaption::LogLevel::Warning) {
    std::cerr << "jetsoncaption: warning: " << message << std::endl;
  }
}

int run(int argc, char** argv) {
  int exit_code = jetsoncaption::kAllWell;
  CLI::App program("Describes pictures and videos in words, and measures how well and how fast.",
                   "jetsoncaption");
  program.require_subcommand(1);
  program.set_version_flag("--version", "jetsoncaption " JETSONCAPTION_VERSION);
  program.footer(
      "Exit code: 0 all went well, 1 some inputs failed, 2 the call is wrong.\n"
      "`jetsoncaption COMMAND --help` shows the options of a command and examples.");
  jetsoncaption::add_describe_command(program, exit_code);
  jetsoncaption::add_evaluate_command(program, exit_code);
  jetsoncaption::add_bench_command(program, exit_code);
  jetsoncaption::add_train_command(program, exit_code);
  jetsoncaption::add_quantize_command(program, exit_code);
  jetsoncaption::add_self_test_command(program, exit_code);
  jetsoncaption::add_doctor_command(program, exit_code);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version arrive here too, with exit code 0.
    return program.exit(error) == 0 ? jetsoncaption::kAllWell : jetsoncaption::kWrongCall;
  }
  if (!std::cout.flush()) {
    std::cerr
        << "jetsoncaption: the results cannot be written to standard output; is the disk full?"
        << std::endl;
    return jetsoncaption::kSomeFailed;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  jetsoncaption::set_log_sink(print_warning);
  try {
    // What OpenBLAS reads cannot be set here: it was opened before main(). The doctor looks at it.
    jetsoncaption::prepare_cuda();
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "jetsoncaption: stopped unexpectedly: " << error.what() << std::endl;
    return jetsoncaption::kSomeFailed;
  }
}
