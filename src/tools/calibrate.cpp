// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption calibrate`: chooses how much tags count, and makes confidence mean something.
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle.h"
#include "captioner/captioner.h"
#include "text/reliability.h"
#include "tools/commands.h"
#include "tools/evaluation.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/progress.h"
#include "torch/torch_captioner.h"
#include "train/confidence_fit.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

constexpr double kTagWeights[] = {0, 0.25, 0.5, 0.75, 1};
constexpr double kUntrueWeight = 0.25;
constexpr size_t kFewestOfAKind = 10;

struct CalibrateArguments {
  CaptionerOptions model;
  DescribeOptions search;
  std::vector<std::string> images, captions, lists;  // as many of each
  bool json = false;
};

// All dev sets, captioned in one way.
struct Tried {
  double tag_weight = 0;
  double worth = 0;  // mean of CIDEr-D less a quarter of untrue
  int failed = 0;    // pictures
  std::vector<Evaluation> sets;
};

Result<Tried> try_weight(Captioner& captioner, const std::vector<EvaluationPictures>& sets,
                         const DescribeOptions& options, double weight, Progress& progress) {
  Tried tried;
  tried.tag_weight = weight;
  DescribeOptions search = options;
  search.tag_weight = weight;
  for (const EvaluationPictures& set : sets) {
    auto evaluated = evaluate_captioner(
        captioner, set, search,
        [&](const std::string& message) {
          progress.clear();
          print_error(message);
        },
        [&](int done, int total) {
          progress.report("tag weight " + format_fixed(weight, 2), done, total);
        });
    if (!evaluated.ok())
      return evaluated.error();
    const CaptionScores& scores = evaluated.value().scores;
    tried.worth +=
        (scores.cider_d - kUntrueWeight * scores.untrue) / static_cast<double>(sets.size());
    tried.failed += evaluated.value().failed;
    tried.sets.push_back(std::move(evaluated.value()));
  }
  progress.clear();
  return tried;
}

void print(const Tried& tried, bool json) {
  for (size_t i = 0; i < tried.sets.size(); ++i) {
    const CaptionScores& scores = tried.sets[i].scores;
    if (json) {
      std::cout << format_json({{"tag_weight", tried.tag_weight},
                                {"set", i + 1},
                                {"cider_d", rounded(scores.cider_d, 4)},
                                {"untrue", rounded(scores.untrue, 4)},
                                {"named", rounded(scores.named, 4)}})
                << std::endl;
      continue;
    }
    std::cout << "tag weight " << format_fixed(tried.tag_weight, 2) << ", set " << i + 1
              << ": CIDEr-D " << format_fixed(scores.cider_d, 3) << ", untrue "
              << format_fixed(scores.untrue, 3) << ", named " << format_fixed(scores.named, 3)
              << std::endl;
  }
}

Result<ConfidenceConfig> fit(const Tried& tried) {
  std::vector<ConfidenceFacts> facts;
  std::vector<bool> is_true;
  std::vector<double> counts;  // the sets count the same, however many pictures they have
  size_t all = 0;
  for (const Evaluation& set : tried.sets)
    all += set.facts.size();
  for (const Evaluation& set : tried.sets) {
    const auto pictures = static_cast<double>(set.facts.size() * tried.sets.size());
    counts.insert(counts.end(), set.facts.size(), static_cast<double>(all) / pictures);
    facts.insert(facts.end(), set.facts.begin(), set.facts.end());
    is_true.insert(is_true.end(), set.is_true.begin(), set.is_true.end());
  }
  size_t count = 0;
  for (const bool one : is_true)
    count += one ? 1 : 0;
  if (count < kFewestOfAKind || is_true.size() - count < kFewestOfAKind) {
    return Error{ErrorKind::InvalidArgument,
                 std::to_string(count) + " captions are true and " +
                     std::to_string(is_true.size() - count) +
                     " are not; at least 10 of each are needed: name more pictures with --list"};
  }
  return fit_confidence(facts, is_true, counts);
}

// What config.json says of how good the model is.
std::string quality_of(const Tried& tried, const CalibrateArguments& arguments,
                       Precision precision) {
  auto sets = nlohmann::json::array();
  for (const Evaluation& set : tried.sets) {
    sets.push_back({{"pictures", set.names.size()},
                    {"bleu_4", rounded(set.scores.bleu[3], 2)},
                    {"cider_d", rounded(set.scores.cider_d, 4)},
                    {"untrue", rounded(set.scores.untrue, 4)},
                    {"named", rounded(set.scores.named, 4)}});
  }
  return nlohmann::json{
      {"precision", name_of(precision)}, {"beam_size", arguments.search.beam_size}, {"sets", sets}}
      .dump();
}

Result<void> write(const std::string& directory, const Tried& tried,
                   const ConfidenceConfig& confidence, std::string quality) {
  const bool master = has_weight_file(directory, WeightFile::Master);
  const auto bundle = open_bundle(directory, master ? WeightFile::Master : WeightFile::Int8);
  if (!bundle.ok())
    return bundle.error();
  ModelConfig config = bundle.value().config;
  config.tag_weight = static_cast<float>(tried.tag_weight);
  config.confidence = confidence;
  config.quality_json = std::move(quality);
  return write_text_file(directory + "/config.json", format_config(config));
}

// The exit code.
Result<int> calibrate(const CalibrateArguments& arguments) {
  if (arguments.captions.size() != arguments.images.size() ||
      arguments.lists.size() != arguments.images.size()) {
    return Error{ErrorKind::InvalidArgument, "Each --images needs a --captions and a --list"};
  }
  std::vector<EvaluationPictures> sets;
  for (size_t i = 0; i < arguments.images.size(); ++i) {
    auto set =
        read_evaluation_set({arguments.images[i], arguments.captions[i], arguments.lists[i]});
    if (!set.ok())
      return set.error();
    sets.push_back(std::move(set.value()));
  }
  auto captioner = load_torch_captioner(arguments.model);
  if (!captioner.ok())
    return captioner.error();
  Progress progress(Progress::Log::LineEveryFewMinutes);
  Tried best;
  for (const double weight : kTagWeights) {
    auto tried = try_weight(*captioner.value(), sets, arguments.search, weight, progress);
    if (!tried.ok())
      return tried.error();
    print(tried.value(), arguments.json);
    if (best.sets.empty() || tried.value().worth > best.worth)
      best = std::move(tried.value());
  }
  const auto confidence = fit(best);
  if (!confidence.ok())
    return confidence.error();
  const auto written = write(arguments.model.model_dir, best, confidence.value(),
                             quality_of(best, arguments, captioner.value()->info().precision));
  if (!written.ok())
    return written.error();
  if (!arguments.json)
    std::cout << "tag weight " << format_fixed(best.tag_weight, 2) << " and the confidence that "
              << "belongs to it are in " << arguments.model.model_dir << "/config.json"
              << std::endl;
  return best.failed == 0 ? kAllWell : kSomeFailed;
}

}  // namespace

void add_calibrate_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<CalibrateArguments>();
  CLI::App& command = *program.add_subcommand(
      "calibrate", "Choose how much a model's tags count, and make its confidence mean something");
  command.add_option("--model", arguments->model.model_dir, "Bundle whose config.json is changed")
      ->type_name("DIR")
      ->required();
  command
      .add_option(
          "--images", arguments->images,
          "Folder with pictures that were not learnt from; may be given again, with the two "
          "options below, for more sets: each counts as much")
      ->type_name("DIR")
      ->required();
  command.add_option("--captions", arguments->captions, kCaptionsHelp)
      ->type_name("FILE")
      ->required();
  command.add_option("--list", arguments->lists, "Which pictures to use, a name a line")
      ->type_name("FILE")
      ->required();
  arguments->search.beam_size = 3;
  command
      .add_option("--beam-size", arguments->search.beam_size,
                  "Sentences compared at each word; 1 is greedy search")
      ->type_name("N")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command
      .add_option("--threads", arguments->model.threads, "CPU threads; 0: chosen for the machine")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_flag("--json", arguments->json, "Print a JSON object a line");
  command.footer(
      "Describes the pictures with several tag weights, keeps the one with the best CIDEr-D less "
      "a\n"
      "quarter of untrue (see evaluate), and fits the confidence: of captions that are given 0.8,\n"
      "about 80 in 100 then name nothing that is not there. config.json keeps the scores of each\n"
      "set, in the order of the options. Needs English captions.\n"
      "Example:\n"
      "  jetsoncaption calibrate --model my-model --images flickr8k/images \\\n"
      "      --captions flickr8k/captions.txt --list flickr8k/dev.txt");
  command.callback([arguments, &exit_code] {
    const auto done = calibrate(*arguments);
    exit_code = done.ok() ? done.value() : kWrongCall;
    if (!done.ok())
      print_error(done.error().message);
  });
}

}  // namespace jetsoncaption
