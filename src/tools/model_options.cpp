// SPDX-License-Identifier: LGPL-2.1-or-later
// Declares the shared options and looks for the model.
#include "tools/model_options.h"

#include <cstdlib>
#include <map>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr char kModelVariable[] = "JETSONCAPTION_MODEL";
// JETSONCAPTION_MODELS_DIR is set by the build: where `meson install` puts the bundles.
constexpr char kInstalledModel[] = JETSONCAPTION_MODELS_DIR "/lite0-gru-everyday";

// An option that takes one of a few words. CLI11's own transformer would print the enumerators.
template <typename Value>
void add_choice(CLI::App& command, const std::string& name, const std::string& type,
                const std::string& description, const std::map<std::string, Value>& choices,
                Value& chosen) {
  const auto choose = [name, choices, &chosen](const std::string& word) {
    const auto found = choices.find(word);
    if (found == choices.end()) {
      std::string known;
      for (const auto& choice : choices)
        known += (known.empty() ? "" : ", ") + choice.first;
      throw CLI::ValidationError(name, "'" + word + "' is not known; use one of " + known + ".");
    }
    chosen = found->second;
  };
  command.add_option_function<std::string>(name, choose, description)->type_name(type);
}

}  // namespace

void add_model_directory_option(CLI::App& command, std::string& directory) {
  command
      .add_option("--model", directory,
                  "Bundle directory; without it $JETSONCAPTION_MODEL, else the installed model")
      ->type_name("DIR");
}

void add_precision_option(CLI::App& command, const std::string& description, Precision& precision) {
  add_choice(command, "--precision", "PRECISION", description,
             {{"auto", Precision::Auto},
              {"fp32", Precision::Fp32},
              {"fp16", Precision::Fp16},
              {"int8", Precision::Int8}},
             precision);
}

void add_model_options(CLI::App& command, CaptionerOptions& options) {
  add_model_directory_option(command, options.model_dir);
  add_choice(command, "--device", "DEVICE", "auto, cpu or cuda (default: auto)",
             {{"auto", Device::Auto}, {"cpu", Device::Cpu}, {"cuda", Device::Cuda}},
             options.device);
  add_precision_option(
      command,
      "auto, fp32, fp16 or int8 (default: auto, fp16 with CUDA, else int8 where the model has it)",
      options.precision);
  command.add_option("--threads", options.threads, "CPU threads; 0 is chosen for the machine")
      ->type_name("N")
      ->check(CLI::Range(0, 64));
}

void add_search_options(CLI::App& command, DescribeOptions& options) {
  command
      .add_option("--beam-size", options.beam_size,
                  "Sentences compared at each word; 1 is greedy search")
      ->type_name("N")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command.add_option("--max-words", options.max_words, "Longest caption")
      ->type_name("N")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  command
      .add_option(
          "--tag-weight", options.tag_weight,
          "How much tags count when words are chosen, 0 to 10; without it as the model says")
      ->type_name("NUMBER")
      ->check(CLI::Range(0.0, 10.0));
  command
      .add_option("--hedge-below", options.hedge_below,
                  "Captions of less confidence, 0 to 1, give way to \"perhaps: \" and likely tags")
      ->type_name("NUMBER")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

Result<std::string> find_model(const std::string& asked_for) {
  if (!asked_for.empty())
    return asked_for;
  const char* from_environment = std::getenv(kModelVariable);
  if (from_environment != nullptr && *from_environment != '\0') {
    return std::string(from_environment);
  }
  if (access(kInstalledModel, F_OK) == 0)
    return std::string(kInstalledModel);
  return Error{ErrorKind::NotFound, std::string("No model was named, and there is none in ") +
                                        kInstalledModel + "; use --model DIR, set $" +
                                        kModelVariable +
                                        ", or load scripts/env.sh in a build folder."};
}

}  // namespace jetsoncaption
