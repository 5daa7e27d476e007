// SPDX-License-Identifier: LGPL-2.1-or-later
// The subcommands of `jetsoncaption`: each file adds its own to the program.
#pragma once

namespace CLI {
class App;
}

namespace jetsoncaption {

// What a shell sees.
enum ExitCode {
  kAllWell = 0,
  kSomeFailed = 1,  // some inputs failed; each was named on standard error
  kWrongCall = 2,   // nothing was done: an option is wrong, or the model or a list cannot be read
};

// Adds the subcommand with its options. When the command line names it, CLI11 runs it while parsing
// and it leaves an ExitCode in `exit_code`, which must outlive the program.
void add_describe_command(CLI::App& program, int& exit_code);
void add_evaluate_command(CLI::App& program, int& exit_code);
void add_bench_command(CLI::App& program, int& exit_code);
void add_train_command(CLI::App& program, int& exit_code);
void add_quantize_command(CLI::App& program, int& exit_code);
void add_prune_command(CLI::App& program, int& exit_code);
void add_average_command(CLI::App& program, int& exit_code);
void add_calibrate_command(CLI::App& program, int& exit_code);
void add_import_backbone_command(CLI::App& program, int& exit_code);
void add_self_test_command(CLI::App& program, int& exit_code);
void add_write_self_test_command(CLI::App& program, int& exit_code);
void add_doctor_command(CLI::App& program, int& exit_code);

}  // namespace jetsoncaption
