// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption-train write-self-test`, which `jetsoncaption self-test --write` starts.
#include <iostream>
#include <memory>
#include <string>

#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/model_options.h"
#include "train/self_test_writer.h"

#include <CLI/CLI.hpp>

namespace jetsoncaption {

void add_write_self_test_command(CLI::App& program, int& exit_code) {
  auto directory = std::make_shared<std::string>();
  CLI::App& command =
      *program.add_subcommand("write-self-test", "Write the self-test of a bundle anew");
  command.group("");  // `self-test --write` is what people call
  add_model_directory_option(command, *directory);
  command.callback([directory, &exit_code] {
    const auto written = write_self_test(*directory);
    exit_code = written.ok() ? kAllWell : kWrongCall;
    if (!written.ok()) {
      print_error(written.error().message);
      return;
    }
    for (const SelfTestPicture& picture : written.value()) {
      std::cerr << "Picture " << picture.number << " was written, with a margin of "
                << format_fixed(static_cast<double>(picture.margin), 3) << "." << std::endl;
    }
  });
}

}  // namespace jetsoncaption
