// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the other program and starts it.
#include "tools/trainer_program.h"

#include <iostream>
#include <string>

#include "tools/commands.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr struct {
  const char* name;
  const char* description;
} kTrainerCommands[] = {
    {"train", "Make a model from pictures with sentences"},
    {"prune", "Make a smaller model of a model"},
    {"quantize", "Add int8 or fp16 weights to a model"},
    {"calibrate", "Choose how much tags count, and make confidence mean something"},
    {"import-backbone", "Make an encoder to train from out of a TensorFlow Lite file"},
};

// The folder of this program; empty where the system does not tell.
std::string own_folder() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == static_cast<ssize_t>(sizeof path))
    return "";
  const std::string file(path, static_cast<size_t>(length));
  return file.substr(0, file.find_last_of('/'));
}

}  // namespace

bool is_trainer_command(const char* word) {
  for (const auto& command : kTrainerCommands) {
    if (word == std::string(command.name))
      return true;
  }
  return false;
}

void list_trainer_commands(CLI::App& program) {
  for (const auto& command : kTrainerCommands)
    program.add_subcommand(command.name, command.description);
}

int start_trainer(char** argv) {
  for (const std::string& folder : {own_folder(), std::string(JETSONCAPTION_LIBEXEC_DIR)})
    execv((folder + "/jetsoncaption-train").c_str(), argv);
  std::cerr << "jetsoncaption: " << argv[1]
            << " needs the program jetsoncaption-train, which is neither beside this one nor "
               "in " JETSONCAPTION_LIBEXEC_DIR
               "; build it with scripts/setup.sh --all, or ninja -C build."
            << std::endl;
  return kWrongCall;
}

}  // namespace jetsoncaption
