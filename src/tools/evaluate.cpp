// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption evaluate`: how close a model's captions come to what people wrote.
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "captioner.h"
#include "text/metrics.h"
#include "text/tokenizer.h"
#include "tools/captions_file.h"
#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/model_options.h"
#include "tools/pictures.h"
#include "tools/progress.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {

namespace {

struct EvaluateArguments {
  CaptionerOptions model;
  DescribeOptions search;
  std::string images;
  std::string captions;
  std::string list;         // empty: every picture of `captions`
  std::string predictions;  // where to write the captions; empty: nowhere
  bool json = false;
};

struct Evaluation {
  std::vector<CaptionPair> pairs;
  std::vector<double> times_ms;
  int failed = 0;
};

Error cannot_open(const std::string& file) {
  return {ErrorKind::NotFound, file + " cannot be opened; check the path and its permissions."};
}

Result<References> load_references(const std::string& file) {
  std::ifstream stream(file);
  if (!stream)
    return cannot_open(file);
  return read_references(stream, file);
}

Result<std::vector<std::string>> load_names(const std::string& file, const References& references) {
  if (file.empty()) {
    std::vector<std::string> names;
    for (const auto& entry : references)
      names.push_back(entry.first);
    return names;
  }
  std::ifstream stream(file);
  if (!stream)
    return cannot_open(file);
  return read_names(stream, file);
}

// Describes one picture and keeps the words for the scores.
Result<void> caption_one(const EvaluateArguments& arguments, Captioner& captioner,
                         const std::string& name, const References& references,
                         std::ostream& predictions, Evaluation& evaluation) {
  const auto reference = references.find(name);
  if (reference == references.end()) {
    return Error{ErrorKind::InvalidArgument,
                 name + " has no sentence in " + arguments.captions + "; it cannot be scored."};
  }
  auto image = read_picture(arguments.images + "/" + name);
  if (!image.ok())
    return image.error();
  auto caption = captioner.describe(image.value().view(), arguments.search);
  if (!caption.ok())
    return caption.error();
  predictions << name << '\t' << caption.value().text << '\n';
  evaluation.pairs.push_back({tokenize(caption.value().text), reference->second});
  evaluation.times_ms.push_back(caption.value().inference_ms);
  return {};
}

void print_scores(const EvaluateArguments& arguments, const CaptionerInfo& info,
                  const Evaluation& evaluation) {
  const CaptionScores scores = evaluate_captions(evaluation.pairs);
  const double median_ms = percentile(evaluation.times_ms, 50);
  if (arguments.json) {
    nlohmann::json bleu = nlohmann::json::array();
    for (const double value : scores.bleu)
      bleu.push_back(rounded(value, 2));
    const nlohmann::json result = {{"pictures", evaluation.pairs.size()},
                                   {"failed", evaluation.failed},
                                   {"bleu", bleu},
                                   {"rouge_l", rounded(scores.rouge_l, 2)},
                                   {"cider_d", rounded(scores.cider_d, 4)},
                                   {"model", info.model_name},
                                   {"precision", info.precision},
                                   {"engine", info.engine},
                                   {"threads", info.threads},
                                   {"beam_size", arguments.search.beam_size},
                                   {"max_words", arguments.search.max_words},
                                   {"p50_ms", rounded(median_ms, 2)}};
    std::cout << format_json(result) << std::endl;
    return;
  }
  std::cout << info.model_name << ", " << info.precision << " (" << info.engine << "), beam size "
            << arguments.search.beam_size << ", " << evaluation.pairs.size() << " pictures\n";
  for (size_t i = 0; i < scores.bleu.size(); ++i) {
    std::cout << "  BLEU-" << i + 1 << "   " << format_fixed(scores.bleu[i], 2) << '\n';
  }
  std::cout << "  ROUGE-L  " << format_fixed(scores.rouge_l, 2) << '\n'
            << "  CIDEr-D  " << format_fixed(scores.cider_d, 3) << '\n'
            << "  median   " << format_fixed(median_ms, 1) << " ms a caption" << std::endl;
}

Result<int> evaluate(const EvaluateArguments& arguments) {
  auto references = load_references(arguments.captions);
  if (!references.ok())
    return references.error();
  auto names = load_names(arguments.list, references.value());
  if (!names.ok())
    return names.error();
  std::ofstream predictions;
  if (!arguments.predictions.empty()) {
    predictions.open(arguments.predictions);
    if (!predictions)
      return cannot_open(arguments.predictions);
  }
  auto captioner = load_captioner(arguments.model);
  if (!captioner.ok())
    return captioner.error();

  Evaluation evaluation;
  Progress progress;
  const int total = static_cast<int>(names.value().size());
  for (int i = 0; i < total; ++i) {
    const auto done = caption_one(arguments, *captioner.value(), names.value()[i],
                                  references.value(), predictions, evaluation);
    if (!done.ok()) {
      progress.clear();
      std::cerr << "jetsoncaption: " << done.error().message << std::endl;
      ++evaluation.failed;
    }
    progress.report("describing pictures", i + 1, total);
  }
  progress.clear();
  if (evaluation.pairs.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "No picture could be described, so there is no score."};
  }
  if (!arguments.predictions.empty() && !predictions.flush()) {
    return Error{ErrorKind::Internal,
                 arguments.predictions + " cannot be written; is the disk full?"};
  }
  print_scores(arguments, captioner.value()->info(), evaluation);
  return evaluation.failed == 0 ? kAllWell : kSomeFailed;
}

}  // namespace

void add_evaluate_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App& command =
      *program.add_subcommand("evaluate", "Score captions against sentences by people");
  command.add_option("--images", arguments->images, "Folder with the pictures")
      ->type_name("DIR")
      ->required();
  command
      .add_option("--captions", arguments->captions,
                  "Lines of a picture's file name, a tab and a sentence; several for a picture")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--list", arguments->list,
                  "Which pictures to use, a name a line; without it all that have captions")
      ->type_name("FILE");
  command
      .add_option("--predictions", arguments->predictions,
                  "Write the model's captions to this file, in the form of --captions")
      ->type_name("FILE");
  add_model_options(command, arguments->model);
  add_search_options(command, arguments->search);
  command.add_flag("--json", arguments->json, "Print the figures as a JSON object");
  command.footer(
      "Prints BLEU-1 to BLEU-4 and ROUGE-L from 0 to 100, and CIDEr-D from 0 to 10, as the COCO\n"
      "caption evaluation defines them.\n"
      "Example:\n"
      "  jetsoncaption evaluate --images flickr8k/images --captions flickr8k/captions.txt \\\n"
      "      --list flickr8k/dev.txt --beam-size 3");
  command.callback([arguments, &exit_code] {
    const auto result = evaluate(*arguments);
    if (result.ok()) {
      exit_code = result.value();
      return;
    }
    std::cerr << "jetsoncaption: " << result.error().message << std::endl;
    exit_code = kWrongCall;
  });
}

}  // namespace jetsoncaption
