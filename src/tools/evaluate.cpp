// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption evaluate`: how close a model's captions come to what people wrote, and how true
// they are.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/same_file.h"
#include "captioner/captioner.h"
#include "text/reliability.h"
#include "tools/commands.h"
#include "tools/evaluation.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/model_options.h"
#include "tools/open_captioner.h"
#include "tools/progress.h"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

struct EvaluateArguments {
  CaptionerOptions model;
  DescribeOptions search;
  EvaluationSet set;
  std::string predictions;  // where to write the captions; empty: nowhere
  bool only_true = false;   // of them only those that name nothing that no reference names
  bool json = false;
};

Error cannot_write(const std::string& file) {
  return {ErrorKind::Internal, file + " cannot be written; check the path and the disk's space."};
}

void print_scores(const EvaluateArguments& arguments, const CaptionerInfo& info,
                  const Evaluation& evaluation) {
  const CaptionScores& scores = evaluation.scores;
  const double median_ms = percentile(evaluation.times_ms, 50);
  const double told_apart = ranking_quality(evaluation.confidences, evaluation.is_true);
  const double gap = calibration_gap(evaluation.confidences, evaluation.is_true);
  if (arguments.json) {
    nlohmann::json bleu = nlohmann::json::array();
    for (const double value : scores.bleu)
      bleu.push_back(rounded(value, 2));
    const nlohmann::json result = {{"pictures", evaluation.names.size()},
                                   {"failed", evaluation.failed},
                                   {"bleu", bleu},
                                   {"rouge_l", rounded(scores.rouge_l, 2)},
                                   {"cider_d", rounded(scores.cider_d, 4)},
                                   {"untrue", rounded(scores.untrue, 4)},
                                   {"named", rounded(scores.named, 4)},
                                   {"repeated", rounded(scores.repeated, 4)},
                                   {"confidence_auc", rounded(told_apart, 4)},
                                   {"confidence_gap", rounded(gap, 4)},
                                   {"model", info.model_name},
                                   {"precision", name_of(info.precision)},
                                   {"engine", info.engine},
                                   {"threads", info.threads},
                                   {"beam_size", arguments.search.beam_size},
                                   {"max_words", arguments.search.max_words},
                                   {"p50_ms", rounded(median_ms, 2)}};
    std::cout << format_json(result) << std::endl;
    return;
  }
  std::cout << info.model_name << ", " << name_of(info.precision) << " (" << info.engine
            << "), beam size " << arguments.search.beam_size << ", " << evaluation.names.size()
            << " pictures\n";
  for (size_t i = 0; i < scores.bleu.size(); ++i) {
    std::cout << "  BLEU-" << i + 1 << "   " << format_fixed(scores.bleu[i], 2) << '\n';
  }
  std::cout << "  ROUGE-L  " << format_fixed(scores.rouge_l, 2) << '\n'
            << "  CIDEr-D  " << format_fixed(scores.cider_d, 3) << '\n'
            << "  untrue   " << format_fixed(scores.untrue, 3) << '\n'
            << "  named    " << format_fixed(scores.named, 3) << '\n'
            << "  repeated " << format_fixed(scores.repeated, 3) << '\n'
            << "  confidence: AUC " << format_fixed(told_apart, 3) << ", gap "
            << format_fixed(gap, 3) << '\n'
            << "  median   " << format_fixed(median_ms, 1) << " ms a caption" << std::endl;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

bool is_regular(std::FILE* file) {
  struct stat status {};
  return fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
}

// First: a wrong path must not show after minutes of work. Once, for it may be a pipe. What a file
// holds stays until there is something to take its place. None without a path.
Result<OpenFile> open_predictions(const EvaluateArguments& arguments) {
  const std::string& path = arguments.predictions;
  if (path.empty())
    return OpenFile();
  for (const std::string& read : {arguments.set.captions, arguments.set.list}) {
    if (is_same_file(path, read))
      return Error{ErrorKind::InvalidArgument, "--predictions " + path + " would overwrite " +
                                                   read + ", which is read; name another file"};
  }
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  OpenFile file(descriptor < 0 ? nullptr : fdopen(descriptor, "w"));
  if (!file)
    return cannot_write(path);
  if (is_regular(file.get()) && is_same_file(path, "/dev/stdout"))
    return Error{
        ErrorKind::InvalidArgument,
        "--predictions " + path + " is standard output, where the scores go; name another file"};
  return Result<OpenFile>(std::move(file));  // GCC before 11 would copy it
}

bool write_predictions(std::FILE* file, const Evaluation& evaluation, bool only_true) {
  if (is_regular(file) && ftruncate(fileno(file), 0) != 0)
    return false;
  for (size_t i = 0; i < evaluation.names.size(); ++i) {
    if (only_true && !evaluation.is_true[i])
      continue;
    std::fprintf(file, "%s\t%s\n", evaluation.names[i].c_str(), evaluation.sentences[i].c_str());
  }
  return std::fflush(file) == 0 && std::ferror(file) == 0;
}

Result<int> evaluate(const EvaluateArguments& arguments) {
  const auto predictions = open_predictions(arguments);
  if (!predictions.ok())
    return predictions.error();
  const auto pictures = read_evaluation_set(arguments.set);
  if (!pictures.ok())
    return pictures.error();
  auto captioner = load_captioner(arguments.model);
  if (!captioner.ok())
    return captioner.error();
  Progress progress;
  auto evaluated = evaluate_captioner(
      *captioner.value(), pictures.value(), arguments.search,
      [&](const std::string& message) {
        progress.clear();
        print_error(message);
      },
      [&](int done, int total) { progress.report("describing pictures", done, total); });
  progress.clear();
  if (!evaluated.ok())
    return evaluated.error();
  const Evaluation& evaluation = evaluated.value();
  print_scores(arguments, captioner.value()->info(), evaluation);
  if (evaluation.names.size() == 1) {
    std::cerr
        << "jetsoncaption: CIDEr-D of a single picture is 0 by definition: it counts the words "
           "that tell pictures apart. Score more pictures to use it."
        << std::endl;
  }
  if (predictions.value() &&
      !write_predictions(predictions.value().get(), evaluation, arguments.only_true)) {
    print_error(cannot_write(arguments.predictions).message);
    return kSomeFailed;
  }
  return evaluation.failed == 0 ? kAllWell : kSomeFailed;
}

}  // namespace

void add_evaluate_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App& command =
      *program.add_subcommand("evaluate", "Score captions against sentences by people");
  command.add_option("--images", arguments->set.images, "Folder with the pictures")
      ->type_name("DIR")
      ->required();
  command.add_option("--captions", arguments->set.captions, kCaptionsHelp)
      ->type_name("FILE")
      ->required();
  command
      .add_option("--list", arguments->set.list,
                  "Which pictures to use, a name a line; without it all that have captions")
      ->type_name("FILE");
  command
      .add_option("--predictions", arguments->predictions,
                  "Write the model's captions to this file: lines of a picture's name, a tab and a "
                  "sentence")
      ->type_name("FILE");
  command
      .add_flag(
          "--only-true", arguments->only_true,
          "Write only captions that name no thing that no sentence by people names: a smaller "
          "model may learn from them")
      ->needs("--predictions");
  add_model_options(command, arguments->model);
  add_search_options(command, arguments->search);
  command.add_flag("--json", arguments->json, "Print the figures as a JSON object");
  command.footer(
      "Prints BLEU-1 to BLEU-4 and ROUGE-L from 0 to 100, and CIDEr-D from 0 to 10, as the COCO\n"
      "caption evaluation defines them. Then three shares from 0 to 1, in the manner of CHAIR:\n"
      "  untrue    of the captions, those that name a thing that no sentence by people names\n"
      "  named     of the things that two or more sentences about a picture name, those that its\n"
      "            caption names\n"
      "  repeated  of the captions, those that name the same thing twice\n"
      "And of the confidence: AUC, how often a true caption has more of it than an untrue one, "
      "and\n"
      "gap, how far it is on the mean from the share of captions that are true.\n"
      "Example:\n"
      "  jetsoncaption evaluate --images flickr8k/images --captions flickr8k/captions.txt \\\n"
      "      --list flickr8k/dev.txt --beam-size 3");
  command.callback([arguments, &exit_code] {
    const auto result = evaluate(*arguments);
    if (result.ok()) {
      exit_code = result.value();
      return;
    }
    print_error(result.error().message);
    exit_code = kWrongCall;
  });
}

}  // namespace jetsoncaption
