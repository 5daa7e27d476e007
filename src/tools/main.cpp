// SPDX-License-Identifier: LGPL-2.1-or-later
// The program `jetsoncaption`. What makes and changes models is a program of its own, which is
// started from here, so that it need not be built to have captions.
#include <cstdlib>

#include "base/torch_environment.h"
#include "tools/commands.h"
#include "tools/program.h"
#include "tools/trainer_program.h"

int main(int argc, char** argv) {
  using namespace jetsoncaption;
  // Before there is a second thread, and for the programs that this one starts.
  set_variables(missing_blas_variables(this_processor(), std::getenv));
  if (argc > 1 && is_trainer_command(argv[1]))
    return start_trainer(argv);
  return run_program(argc, argv,
                     "Describes pictures and videos in words, and measures how well and how fast.",
                     [](CLI::App& program, int& exit_code) {
                       add_describe_command(program, exit_code);
                       add_evaluate_command(program, exit_code);
                       add_bench_command(program, exit_code);
                       list_trainer_commands(program);
                       add_self_test_command(program, exit_code);
                       add_doctor_command(program, exit_code);
                     });
}
