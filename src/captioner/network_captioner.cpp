// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes images with whatever network there is.
#include "captioner/network_captioner.h"

#include <cmath>
#include <utility>

#include "base/log.h"
#include "bundle/model_cost.h"
#include "captioner/blank_picture.h"
#include "captioner/confidence.h"
#include "captioner/hedge.h"
#include "captioner/search_setup.h"
#include "captioner/self_test.h"
#include "search/search.h"
#include "text/tokenizer.h"

namespace jetsoncaption {
namespace {

constexpr int kMaxBeamSize = kMostSentences;
constexpr int kMaxWords = 50;
constexpr int kMaxThreads = 64;

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

Result<void> check_range(const char* name, int value, int lowest, int highest) {
  if (value >= lowest && value <= highest)
    return {};
  return Error{ErrorKind::InvalidArgument, std::string(name) + " is " + std::to_string(value) +
                                               "; use " + std::to_string(lowest) + " to " +
                                               std::to_string(highest)};
}

// Words joined to a sentence, with what the search knows about them.
void write_words(const SearchResult& found, const Vocabulary& vocabulary,
                 const std::string& language, Caption& caption) {
  std::vector<std::string> words;
  for (size_t i = 0; i < found.words.size(); ++i) {
    words.push_back(vocabulary.word(found.words[i]));
    CaptionWord word;
    word.text = words.back();
    word.probability = std::exp(static_cast<double>(found.word_log_probabilities[i]));
    if (!found.word_attention.empty())
      word.attention = found.word_attention[i];
    caption.words.push_back(std::move(word));
  }
  caption.text = detokenize(words, language);
  caption.truncated = found.truncated;
}

void write_tags(const LoadedNetwork& loaded, Caption& caption) {
  const auto count = static_cast<size_t>(loaded.bundle->config.tags.cells);
  for (const Tag& tag : loaded.network->tags()) {
    if (caption.tags.size() == count)
      return;
    caption.tags.push_back(
        {loaded.bundle->vocabulary.word(tag.word), static_cast<double>(tag.probability)});
  }
}

}  // namespace

Result<void> check_captioner_options(const CaptionerOptions& options) {
  const auto checked = check_range("threads", options.threads, 0, kMaxThreads);
  if (!checked.ok())
    return checked.error();
  if (!options.model_dir.empty())
    return {};
  return Error{ErrorKind::InvalidArgument,
               "No model was named; name a directory that has config.json, vocabulary.txt and "
               "weights"};
}

CaptionerInfo info_of(const LoadedNetwork& loaded) {
  const ModelConfig& config = loaded.bundle->config;
  CaptionerInfo info;
  info.model_name = config.name;
  info.engine = loaded.network->kernels();
  info.input_width = config.input_width;
  info.input_height = config.input_height;
  info.grid_columns = config.grid_width();
  info.grid_rows = config.grid_height();
  return info;
}

void test_network(const LoadedNetwork& loaded, CaptionerInfo& info) {
  const SelfTestResult result = run_self_test(*loaded.network, *loaded.bundle, info.precision);
  if (result.is_absent)
    return;
  info.self_test = SelfTestOutcome::Passed;
  if (!result.difference.empty())
    write_self_test_failure(result.difference, info);
}

void write_self_test_failure(const std::string& difference, CaptionerInfo& info) {
  info.self_test = SelfTestOutcome::Failed;
  info.self_test_failure = "The model " + info.model_name + " fails its self-test with " +
                           info.version + ", " + info.engine + " kernels and precision " +
                           name_of(info.precision) + ": " + difference +
                           ". Captions may be wrong here: choose precision " +
                           (info.precision == Precision::Fp32 ? "int8" : "fp32") +
                           ", get the model again, or install another build of " +
                           info.version.substr(0, info.version.find(' ')) + ".";
}

Result<Caption> NetworkCaptioner::describe(const ImageView& image, const DescribeOptions& options) {
  auto checked = check_range("beam-size", options.beam_size, 1, kMaxBeamSize);
  if (checked.ok())
    checked = check_range("max-words", options.max_words, 1, kMaxWords);
  if (!checked.ok())
    return checked.error();
  if (is_cancelled(options))
    return Error{ErrorKind::Cancelled, "The caption was cancelled"};
  const auto start = Clock::now();
  auto shrunk = shrinker_.shrink_to(image, picture_.width, picture_.height, picture_.pixels.data());
  if (!shrunk.ok())
    return shrunk.error();

  Caption caption;
  bool again = false;
  const auto described = run([&](const LoadedNetwork& loaded) {
    // What an attempt took that ran out of memory does not count for max_inference_ms.
    const auto begin = std::exchange(again, true) ? Clock::now() : start;
    caption = describe_picture(loaded, options, begin);
  });
  if (!described.ok())
    return described.error();
  if (is_cancelled(options))
    return Error{ErrorKind::Cancelled, "The caption was cancelled"};
  caption.inference_ms = milliseconds_since(start);
  return caption;
}

void NetworkCaptioner::cancel(uint64_t number) {
  const uint64_t end = std::max(number + 1, number);  // no number is higher than the last one
  uint64_t below = cancelled_below_;
  while (below < end && !cancelled_below_.compare_exchange_weak(below, end)) {
  }
}

CaptionerInfo NetworkCaptioner::info() const {
  const std::lock_guard<std::mutex> lock(info_mutex_);
  return info_;
}

void NetworkCaptioner::use(const LoadedNetwork& loaded, CaptionerInfo info) {
  evidence_ = TagEvidence(loaded.bundle->vocabulary);
  picture_.width = info.input_width;
  picture_.height = info.input_height;
  picture_.pixels.resize(static_cast<size_t>(picture_.width) *
                         static_cast<size_t>(picture_.height) * 3);
  if (!info.self_test_failure.empty())
    log_message(LogLevel::Warning, info.self_test_failure);
  const std::lock_guard<std::mutex> lock(info_mutex_);
  info_ = std::move(info);
}

void NetworkCaptioner::set_device_fallback(const std::string& sentence) {
  {
    const std::lock_guard<std::mutex> lock(info_mutex_);
    info_.device_fallback = sentence;
  }
  log_message(LogLevel::Warning, sentence);
}

bool NetworkCaptioner::is_cancelled(const DescribeOptions& options) const {
  return options.number < cancelled_below_;
}

Caption NetworkCaptioner::describe_picture(const LoadedNetwork& loaded,
                                           const DescribeOptions& options,
                                           Clock::time_point start) {
  times_ = {};
  times_.shrink_ms = milliseconds_since(start);
  loaded.network->look_at(picture_.pixels.data());
  times_.encode_ms = milliseconds_since(start) - times_.shrink_ms;

  const ModelConfig& config = loaded.bundle->config;
  evidence_.look_at(loaded.network->tags());
  SearchOptions search_options = make_search_options(config);
  forbid_stammer(loaded.bundle->vocabulary, search_options);
  search_options.beam_size = options.beam_size;
  search_options.max_words = options.max_words;
  search_options.keep_attention = options.attention;
  search_options.things = &evidence_.things();
  const double tag_weight =
      options.tag_weight < 0 ? static_cast<double>(config.tag_weight) : options.tag_weight;
  if (tag_weight > 0)
    search_options.word_evidence = evidence_.of_words(tag_weight);
  search_options.should_stop = [this, &options, start] {
    return is_cancelled(options) ||
           (options.max_inference_ms > 0 && milliseconds_since(start) >= options.max_inference_ms);
  };
  const SearchResult found = search(*loaded.network, search_options);
  times_.decode_ms = milliseconds_since(start) - times_.shrink_ms - times_.encode_ms;
  times_.steps = found.steps;

  Caption caption;
  write_words(found, loaded.bundle->vocabulary, config.language, caption);
  caption.facts = gather_facts(found, evidence_);
  caption.confidence = confidence_of(found, caption.facts, config.confidence);
  write_tags(loaded, caption);
  if (is_blank(picture_.view()))
    say_nothing(caption, options.hedge_below);
  else
    hedge(caption, options.hedge_below);
  return caption;
}

}  // namespace jetsoncaption
