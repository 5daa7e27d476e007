// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption quantize`: adds int8 weights to a bundle and says what that costs, or halves it.
#include "train/quantize.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "captioner/captioner.h"
#include "text/name_list.h"
#include "tools/commands.h"
#include "tools/evaluation.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/pictures.h"
#include "tools/progress.h"
#include "torch/torch_captioner.h"
#include "train/self_test_writer.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

struct QuantizeArguments {
  std::string model;
  bool half = false;  // fp16 instead of int8; then only the model and json count
  std::string calibration_list;
  int calibration_pictures = 256;
  EvaluationSet dev;  // images also holds the calibration pictures
  DescribeOptions search;
  int threads = 0;
  bool json = false;
};

// A weight file and how well it captions.
struct Measured {
  std::string precision;
  double megabytes = 0;
  std::string engine;
  CaptionScores scores;
  int failed = 0;  // pictures
};

Result<std::vector<std::string>> calibration_paths(const QuantizeArguments& arguments) {
  auto names = load_names(arguments.calibration_list);
  if (!names.ok())
    return names.error();
  // Spread over the list, which may be sorted.
  const auto wanted = static_cast<size_t>(arguments.calibration_pictures);
  const size_t count = std::min(wanted, names.value().size());
  std::vector<std::string> paths;
  for (size_t i = 0; i < count; ++i)
    paths.push_back(arguments.dev.images + "/" + names.value()[i * names.value().size() / count]);
  return paths;
}

double file_megabytes(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? static_cast<double>(status.st_size) / 1e6 : 0;
}

Result<Measured> measure(const QuantizeArguments& arguments, const EvaluationPictures& dev,
                         Precision precision, Progress& progress) {
  const bool int8 = precision == Precision::Int8;
  Measured measured;
  measured.megabytes = file_megabytes(
      arguments.model + "/" + weight_file_name(int8 ? WeightFile::Int8 : WeightFile::Master));
  CaptionerOptions options;
  options.model_dir = arguments.model;
  options.device = Device::Cpu;  // where int8 arithmetic is for
  options.precision = precision;
  options.threads = arguments.threads;
  auto captioner = load_torch_captioner(options);
  if (!captioner.ok())
    return captioner.error();
  measured.precision = name_of(captioner.value()->info().precision);
  measured.engine = captioner.value()->info().engine;
  auto evaluated = evaluate_captioner(
      *captioner.value(), dev, arguments.search,
      [&](const std::string& message) {
        progress.clear();
        print_error(message);
      },
      [&](int done, int total) {
        progress.report("measuring " + measured.precision, done, total);
      });
  if (!evaluated.ok())
    return evaluated.error();
  measured.scores = evaluated.value().scores;
  measured.failed = evaluated.value().failed;
  return measured;
}

void print(const std::vector<Measured>& rows, bool json) {
  auto list = nlohmann::json::array();
  for (const Measured& row : rows) {
    list.push_back({{"precision", row.precision},
                    {"megabytes", rounded(row.megabytes, 2)},
                    {"engine", row.engine},
                    {"bleu_4", rounded(row.scores.bleu[3], 2)},
                    {"cider_d", rounded(row.scores.cider_d, 4)},
                    {"untrue", rounded(row.scores.untrue, 4)},
                    {"named", rounded(row.scores.named, 4)},
                    {"failed", row.failed}});
  }
  if (json) {
    std::cout << format_json({{"results", list}}) << std::endl;
    return;
  }
  std::cout << "precision   size (MB)   BLEU-4   CIDEr-D   untrue   named   engine\n";
  for (const Measured& row : rows) {
    std::cout << row.precision << "        " << format_fixed(row.megabytes, 1) << "        "
              << format_fixed(row.scores.bleu[3], 2) << "    "
              << format_fixed(row.scores.cider_d, 3) << "     "
              << format_fixed(row.scores.untrue, 3) << "    " << format_fixed(row.scores.named, 3)
              << "   " << row.engine << '\n';
  }
  std::cout << std::flush;
}

// The exit code.
Result<int> quantize(const QuantizeArguments& arguments) {
  auto paths = calibration_paths(arguments);
  if (!paths.ok())
    return paths.error();
  // Before anything is changed.
  const auto dev = read_evaluation_set(arguments.dev);
  if (!dev.ok())
    return dev.error();
  Progress progress(Progress::Log::LineEveryFewMinutes);
  const auto quantized = quantize_bundle(
      arguments.model, paths.value(), read_picture,
      [&](const std::string& what, int done, int total) { progress.report(what, done, total); });
  if (!quantized.ok())
    return quantized.error();
  const auto self_test = write_self_test(arguments.model);
  if (!self_test.ok()) {
    progress.clear();
    print_warning(self_test.error().message);
  }
  std::vector<Measured> rows;
  for (const Precision precision : {Precision::Fp32, Precision::Int8}) {
    auto measured = measure(arguments, dev.value(), precision, progress);
    if (!measured.ok())
      return measured.error();
    rows.push_back(std::move(measured.value()));
  }
  progress.clear();
  print(rows, arguments.json);
  return rows[0].failed + rows[1].failed == 0 ? kAllWell : kSomeFailed;
}

// The exit code.
Result<int> halve(const QuantizeArguments& arguments) {
  const std::string path = arguments.model + "/" + weight_file_name(WeightFile::Master);
  const double before = file_megabytes(path);
  const auto halved = halve_bundle(arguments.model);
  if (!halved.ok())
    return halved.error();
  const double after = file_megabytes(path);
  if (arguments.json) {
    std::cout << format_json({{"precision", "fp16"},
                              {"megabytes_before", rounded(before, 2)},
                              {"megabytes", rounded(after, 2)}})
              << std::endl;
    return kAllWell;
  }
  std::cout << path << ": fp16, " << format_fixed(before, 1) << " MB before, "
            << format_fixed(after, 1) << " MB now" << std::endl;
  return kAllWell;
}

}  // namespace

void add_quantize_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<QuantizeArguments>();
  CLI::App& command =
      *program.add_subcommand("quantize", "Add int8 weights to a model and measure what it costs");
  command
      .add_option("--model", arguments->model,
                  "Bundle with fp32 weights; int8 is added to it, fp16 takes their place")
      ->type_name("DIR")
      ->required();
  CLI::Option* half = command.add_flag(
      "--half", arguments->half,
      "Round the weights to fp16 instead, which halves the file; needs no pictures");
  // For int8; the callback sees that they are there.
  std::vector<CLI::Option*> needed;
  needed.push_back(
      command.add_option("--images", arguments->dev.images, "Folder with the pictures")
          ->type_name("DIR"));
  needed.push_back(command
                       .add_option("--calibration-list", arguments->calibration_list,
                                   "Training pictures to find the ranges with, a name a line")
                       ->type_name("FILE"));
  command
      .add_option("--calibration-pictures", arguments->calibration_pictures,
                  "How many of them are used")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  needed.push_back(
      command.add_option("--captions", arguments->dev.captions, kCaptionsHelp)->type_name("FILE"));
  needed.push_back(
      command
          .add_option("--dev-list", arguments->dev.list, "Pictures to measure with, a name a line")
          ->type_name("FILE"));
  for (CLI::Option* option : needed)
    half->excludes(option);
  command.add_option("--beam-size", arguments->search.beam_size, "Sentences compared at each word")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command.add_option("--threads", arguments->threads, "CPU threads; 0: chosen for the machine")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_flag("--json", arguments->json, "Print the figures as a JSON object");
  command.footer(
      "Prints the size of the weights, and BLEU-4, CIDEr-D, untrue and named (see evaluate) of "
      "the\n"
      "master weights and of int8; with --half the size alone, and the fp32 weights are gone: "
      "copy\n"
      "the bundle first to keep them.\n"
      "Examples:\n"
      "  jetsoncaption quantize --model my-model --images flickr8k/images \\\n"
      "      --calibration-list flickr8k/train.txt --captions flickr8k/captions.txt \\\n"
      "      --dev-list flickr8k/dev.txt --beam-size 3\n"
      "  cp -r my-model my-model-fp16 && jetsoncaption quantize --model my-model-fp16 --half");
  command.callback([arguments, needed, &exit_code] {
    for (const CLI::Option* option : needed) {
      if (!arguments->half && option->count() == 0)
        throw CLI::RequiredError(option->get_name());
    }
    const auto done = arguments->half ? halve(*arguments) : quantize(*arguments);
    exit_code = done.ok() ? done.value() : kWrongCall;
    if (!done.ok())
      print_error(done.error().message);
  });
}

}  // namespace jetsoncaption
