// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the other program and starts it.
#include "tools/trainer_program.h"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/torch_environment.h"
#include "tools/child_process.h"
#include "tools/commands.h"
#include "tools/messages.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr std::chrono::minutes kPatience{30};

constexpr struct {
  const char* name;
  const char* description;
} kTrainerCommands[] = {
    {"train", "Make a model from pictures with sentences"},
    {"prune", "Make a smaller model of a model"},
    {"quantize", "Add int8 or fp16 weights to a model"},
    {"average", "Join several runs of a model: the mean of their weights"},
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

// Where the program may lie.
std::vector<std::string> places() {
  return {own_folder() + "/jetsoncaption-train", JETSONCAPTION_LIBEXEC_DIR "/jetsoncaption-train"};
}

// The program has opened OpenBLAS before its main(). The rest is in main.cpp.
void prepare_environment() {
  set_variables(missing_training_variables(std::getenv));
}

int say_that_it_is_missing(const std::string& command) {
  std::cerr << "jetsoncaption: " << command
            << " needs the program jetsoncaption-train, which is neither beside this one nor "
               "in " JETSONCAPTION_LIBEXEC_DIR
               "; build it with scripts/setup.sh --all, or ninja -C build."
            << std::endl;
  return kWrongCall;
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
  prepare_environment();
  for (const std::string& program : places())
    execv(program.c_str(), argv);
  return say_that_it_is_missing(argv[1]);
}

int run_trainer(const std::vector<std::string>& arguments) {
  for (const std::string& program : places()) {
    if (access(program.c_str(), X_OK) != 0)
      continue;
    prepare_environment();
    std::vector<std::string> line = {program};
    line.insert(line.end(), arguments.begin(), arguments.end());
    const auto ran = run_child(line, kPatience);
    if (!ran.ok()) {
      print_error(ran.error().message);
      return kWrongCall;
    }
    std::cout << ran.value().output;
    return ran.value().exit_code < 0 ? kSomeFailed : ran.value().exit_code;
  }
  return say_that_it_is_missing(arguments.front());
}

}  // namespace jetsoncaption
