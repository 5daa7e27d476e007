// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption average`: joins several runs of a model.
#include "train/average.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/messages.h"

#include <CLI/CLI.hpp>

namespace jetsoncaption {
namespace {

struct AverageArguments {
  std::vector<std::string> models;
  std::string output;
};

}  // namespace

void add_average_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<AverageArguments>();
  CLI::App& command =
      *program.add_subcommand("average", "Join several runs of a model: the mean of their weights");
  command
      .add_option("models", arguments->models,
                  "Bundles that were trained from the same one; their fp32 or fp16 weights count")
      ->type_name("DIR")
      ->required();
  command.add_option("--output", arguments->output, "The bundle to write, with fp32 weights")
      ->type_name("DIR")
      ->required();
  command.footer(
      "The mean is often better than each of them. It has no int8 weights: quantize and calibrate "
      "it.\n"
      "Example:\n"
      "  jetsoncaption average run-of-seed-12 run-of-seed-22 --output both");
  command.callback([arguments, &exit_code] {
    const auto averaged = average_bundles(arguments->models, arguments->output);
    exit_code = averaged.ok() ? kAllWell : kWrongCall;
    if (!averaged.ok()) {
      print_error(averaged.error().message);
      return;
    }
    std::cout << "The mean of " << arguments->models.size() << " models is in " << arguments->output
              << std::endl;
  });
}

}  // namespace jetsoncaption
