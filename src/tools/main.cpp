// SPDX-License-Identifier: LGPL-2.1-or-later
// The program `jetsoncaption`. What makes and changes models is a program of its own, which is
// started from here, so that it need not be built to have captions.
#include "tools/commands.h"
#include "tools/program.h"
#include "tools/trainer_program.h"

int main(int argc, char** argv) {
  if (argc > 1 && jetsoncaption::is_trainer_command(argv[1]))
    return jetsoncaption::start_trainer(argv);
  return jetsoncaption::run_program(
      argc, argv, "Describes pictures and videos in words, and measures how well and how fast.",
      [](CLI::App& program, int& exit_code) {
        jetsoncaption::add_describe_command(program, exit_code);
        jetsoncaption::add_evaluate_command(program, exit_code);
        jetsoncaption::add_bench_command(program, exit_code);
        jetsoncaption::list_trainer_commands(program);
        jetsoncaption::add_self_test_command(program, exit_code);
        jetsoncaption::add_doctor_command(program, exit_code);
      });
}
