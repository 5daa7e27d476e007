// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption self-test`: runs the self-test of a bundle in each precision, or writes it anew.
#include <iostream>
#include <memory>
#include <string>

#include "bundle/bundle.h"
#include "captioner/captioner.h"
#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/model_options.h"
#include "tools/open_captioner.h"
#include "tools/trainer_program.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

struct SelfTestArguments {
  std::string model;
  bool write = false;
  bool json = false;
};

const char* outcome_word(SelfTestOutcome outcome) {
  switch (outcome) {
    case SelfTestOutcome::Passed:
      return "passed";
    case SelfTestOutcome::Failed:
      return "failed";
    case SelfTestOutcome::Absent:
      break;
  }
  return "absent";
}

void print(const CaptionerInfo& info, bool json) {
  if (json) {
    std::cout << format_json({{"model", info.model_name},
                              {"precision", name_of(info.precision)},
                              {"engine", info.engine},
                              {"version", info.version},
                              {"self_test", outcome_word(info.self_test)}})
              << std::endl;
    return;
  }
  std::cout << name_of(info.precision) << ", " << info.engine
            << " kernels: " << outcome_word(info.self_test) << std::endl;
}

// Whether it passed. That it failed is logged by load() as for everybody else.
Result<bool> run(const std::string& directory, Precision precision, bool json) {
  CaptionerOptions options;
  options.model_dir = directory;
  options.precision = precision;
  auto captioner = open_captioner(options);
  if (!captioner.ok())
    return captioner.error();
  const CaptionerInfo& info = captioner.value()->info();
  print(info, json);
  if (info.self_test == SelfTestOutcome::Absent) {
    std::cerr << "jetsoncaption: " << directory << " stores no self-test for "
              << name_of(info.precision) << "; write one with --write" << std::endl;
  }
  return info.self_test == SelfTestOutcome::Passed;
}

Result<int> run_all(const SelfTestArguments& arguments) {
  auto directory = find_model(arguments.model);
  if (!directory.ok())
    return directory.error();
  if (arguments.write) {
    const int written = run_trainer({"write-self-test", "--model", directory.value()});
    if (written != kAllWell)
      return written;
  }
  int exit_code = kAllWell;
  bool is_tested = false;
  for (const Precision precision : {Precision::Fp32, Precision::Int8}) {
    if (!has_weight_file(directory.value(),
                         precision == Precision::Int8 ? WeightFile::Int8 : WeightFile::Master))
      continue;
    is_tested = true;
    const auto passed = run(directory.value(), precision, arguments.json);
    if (!passed.ok())
      return passed.error();
    if (!passed.value())
      exit_code = kSomeFailed;
  }
  if (!is_tested) {
    const auto bundle = open_bundle(directory.value(), WeightFile::Master);
    return bundle.ok() ? Error{ErrorKind::NotFound, directory.value() + " has no weights"}
                       : bundle.error();
  }
  return exit_code;
}

}  // namespace

void add_self_test_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<SelfTestArguments>();
  CLI::App& command = *program.add_subcommand(
      "self-test", "Compare what a model says here with what its bundle stores");
  add_model_directory_option(command, arguments->model);
  command.add_flag("--write", arguments->write,
                   "Write the self-test anew first, for weights that were changed by other means "
                   "than `train` and `quantize`, which write it themselves");
  command.add_flag("--json", arguments->json, "Print a JSON object a line");
  command.footer(
      "Describes pictures that a formula makes, in each precision that the bundle has. Exit code "
      "1\n"
      "when a caption differs, or when the bundle stores none.\n"
      "Examples:\n"
      "  jetsoncaption self-test\n"
      "  jetsoncaption self-test --model my-model --write");
  command.callback([arguments, &exit_code] {
    const auto done = run_all(*arguments);
    exit_code = done.ok() ? done.value() : kWrongCall;
    if (!done.ok())
      print_error(done.error().message);
  });
}

}  // namespace jetsoncaption
