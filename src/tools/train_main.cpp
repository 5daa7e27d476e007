// SPDX-License-Identifier: LGPL-2.1-or-later
// The program `jetsoncaption-train`, which `jetsoncaption train` and the like start.
#include "tools/commands.h"
#include "tools/program.h"
#include "torch/cuda_device.h"

int main(int argc, char** argv) {
  // What OpenBLAS reads was set by whoever started this: it was opened before main().
  jetsoncaption::prepare_cuda();
  return jetsoncaption::run_program(
      argc, argv, "Makes models and their weights of other precisions.",
      [](CLI::App& program, int& exit_code) {
        jetsoncaption::add_train_command(program, exit_code);
        jetsoncaption::add_prune_command(program, exit_code);
        jetsoncaption::add_quantize_command(program, exit_code);
        jetsoncaption::add_average_command(program, exit_code);
        jetsoncaption::add_calibrate_command(program, exit_code);
        jetsoncaption::add_import_backbone_command(program, exit_code);
        jetsoncaption::add_write_self_test_command(program, exit_code);
      });
}
