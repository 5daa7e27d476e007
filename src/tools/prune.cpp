// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption prune`: makes a smaller model of a bundle.
#include "train/prune.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "text/name_list.h"
#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/pictures.h"
#include "tools/progress.h"
#include "train/self_test_writer.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

struct PruneArguments {
  PruneOptions options;
  std::vector<std::string>
      images;  // the first of these and of the lists belong together, and so on
  std::vector<std::string> lists;
  int pictures = 256;
  std::string macs;
  std::string size;
  bool json = false;
};

// "200M", "2.5M", "200000000" or "50%".
Goal parse_goal(const std::string& option, const std::string& text) {
  if (text.empty())
    return {};
  char* end = nullptr;
  Goal goal;
  goal.amount = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  goal.is_share = unit == "%";
  if (goal.is_share)
    goal.amount /= 100;
  else if (unit == "k")
    goal.amount *= 1e3;
  else if (unit == "M")
    goal.amount *= 1e6;
  else if (unit == "G")
    goal.amount *= 1e9;
  else if (!unit.empty())
    goal.amount = 0;
  if (!std::isfinite(goal.amount) || goal.amount <= 0 || goal.amount > 1e15) {
    throw CLI::ValidationError(option + ": '" + text +
                               "' is no size; use a number such as 200M or 2500k, or a share of "
                               "what there is now such as 50%");
  }
  return goal;
}

// As many of each set, spread over its list, which may be sorted.
Result<std::vector<std::string>> choose_pictures(const PruneArguments& arguments) {
  std::vector<std::string> paths;
  const size_t sets = arguments.images.size();
  for (size_t set = 0; set < sets; ++set) {
    auto names = load_names(arguments.lists[set]);
    if (!names.ok())
      return names.error();
    const auto share = (static_cast<size_t>(arguments.pictures) + sets - 1) / sets;
    const size_t count = std::min(share, names.value().size());
    for (size_t i = 0; i < count; ++i)
      paths.push_back(arguments.images[set] + "/" +
                      names.value()[i * names.value().size() / count]);
  }
  return paths;
}

nlohmann::json figures_of(const BundleCost& cost) {
  return {{"picture_macs", cost.model.picture_macs},
          {"word_macs", cost.model.word_macs},
          {"caption_macs", cost.model.caption_macs()},
          {"int8_bytes", cost.bytes}};
}

std::string in_words(const BundleCost& cost) {
  return format_fixed(static_cast<double>(cost.model.picture_macs) / 1e6, 1) + " + " +
         format_fixed(static_cast<double>(cost.model.word_macs) / 1e6, 2) +
         " million multiply-adds (picture + each word), " +
         format_fixed(static_cast<double>(cost.bytes) / 1e6, 2) + " MB in int8";
}

void print(const PruneResult& result, bool json) {
  if (json) {
    auto widths = nlohmann::json::object();
    for (const auto& [width, size] : result.changed)
      widths[width.name] = {width.size, size};
    std::cout << format_json({{"before", figures_of(result.before)},
                              {"after", figures_of(result.after)},
                              {"changed", widths}})
              << std::endl;
    return;
  }
  std::cout << "before: " << in_words(result.before) << "\nafter:  " << in_words(result.after)
            << '\n';
  for (const auto& [width, size] : result.changed)
    std::cout << "  " << width.name << ": " << width.size << " -> " << size << '\n';
  std::cout << std::flush;
}

int run(PruneArguments& arguments) {
  auto paths = choose_pictures(arguments);
  if (!paths.ok()) {
    print_error(paths.error().message);
    return kWrongCall;
  }
  arguments.options.pictures = std::move(paths.value());
  Progress progress(Progress::Log::LineEveryFewMinutes);
  PruneReports reports;
  reports.progress = [&](const std::string& what, int done, int total) {
    progress.report(what, done, total);
  };
  reports.notice = [&](const std::string& sentence) {
    progress.clear();
    std::cerr << sentence << std::endl;
  };
  const auto pruned = prune_bundle(arguments.options, read_picture, reports);
  progress.clear();
  if (!pruned.ok()) {
    print_error(pruned.error().message);
    return pruned.error().kind == ErrorKind::Internal ? kSomeFailed : kWrongCall;
  }
  const auto self_test = write_self_test(arguments.options.output);
  if (!self_test.ok())
    print_warning(self_test.error().message);
  print(pruned.value(), arguments.json);
  std::cerr << "The smaller model is in " << arguments.options.output
            << ". It has to learn again what it lost: jetsoncaption train --start "
            << arguments.options.output << " --teacher-model " << arguments.options.model
            << " ...\n";
  return kAllWell;
}

void add_options(CLI::App& command, PruneArguments& arguments) {
  PruneOptions& options = arguments.options;
  command
      .add_option("--model", options.model, "Bundle to make a smaller one of; it stays as it is")
      ->type_name("DIR")
      ->required();
  command
      .add_option("--images", arguments.images,
                  "Folder with pictures it was trained on; may be given again, with --list")
      ->type_name("DIR")
      ->required();
  command.add_option("--list", arguments.lists, "Which pictures may be used, a name a line")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--pictures", arguments.pictures,
                  "How many are looked at to see what channels do")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command
      .add_option("--target-macs", arguments.macs,
                  "Multiply-adds of a caption of ten words: a number such as 200M, or a share of "
                  "those of the model such as 50%")
      ->type_name("N");
  command
      .add_option("--target-size", arguments.size,
                  "Bytes of the bundle with int8 weights alone: a number such as 2.5M, or a share")
      ->type_name("N");
  command.add_option("--output", options.output, "Bundle to write")->type_name("DIR")->required();
  command
      .add_option("--work", options.work,
                  "Folder for what --resume needs; it must have no checkpoints of another run")
      ->type_name("DIR")
      ->required();
  command.add_flag("--resume", options.resume, "Go on after the last finished round in --work");
  command.add_option("--name", options.name, "Name of the new model, for its config.json");
  command
      .add_option("--rounds", options.rounds,
                  "In how many steps channels are taken away; what the others are worth is found "
                  "out anew after each")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      .add_option("--multiple", options.multiple,
                  "Numbers of channels become multiples of this, for processors compute with some "
                  "at once")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of all random numbers")->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; 0: one for each core")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_flag("--json", arguments.json, "Print the figures as a JSON object");
}

}  // namespace

void add_prune_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<PruneArguments>();
  CLI::App& command =
      *program.add_subcommand("prune", "Make a smaller model: fewer channels, a narrower decoder");
  add_options(command, *arguments);
  command.footer(
      "Prints what the model cost before and what it costs now. At least one target is needed; a\n"
      "model that meets them is copied. What is lost is learnt again by training with the full\n"
      "model as teacher.\n"
      "Examples:\n"
      "  jetsoncaption prune --model my-model --images photos --list photos/train.txt \\\n"
      "      --target-macs 50% --target-size 50% --work prune-work --output my-model-pruned\n"
      "  jetsoncaption train --start my-model-pruned --teacher-model my-model \\\n"
      "      --images photos --captions captions.csv --work small-work --output my-model-small");
  command.callback([arguments, &exit_code] {
    if (arguments->images.size() != arguments->lists.size()) {
      throw CLI::ValidationError(
          "--images and --list must be given as often, for each set of pictures once");
    }
    arguments->options.macs = parse_goal("--target-macs", arguments->macs);
    arguments->options.bytes = parse_goal("--target-size", arguments->size);
    exit_code = run(*arguments);
  });
}

}  // namespace jetsoncaption
