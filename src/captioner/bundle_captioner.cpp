// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes images, on whatever device and with whatever arithmetic there is.
#include "captioner/bundle_captioner.h"

#include <cmath>
#include <utility>

#include "base/log.h"
#include "captioner/confidence.h"
#include "captioner/hedge.h"
#include "captioner/search_setup.h"
#include "search/search.h"
#include "text/tokenizer.h"
#include "torch/cuda_device.h"
#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

constexpr int kMaxBeamSize = 16;
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

BundleCaptioner::BundleCaptioner(const CaptionerOptions& options, Device device,
                                 Precision precision, NetworkOpener opener)
    : options_(options), opener_(std::move(opener)), keeper_(makers(device, precision)) {}

Result<std::unique_ptr<Captioner>> BundleCaptioner::load(const CaptionerOptions& options,
                                                         Device device, Precision precision,
                                                         NetworkOpener opener) {
  std::unique_ptr<BundleCaptioner> captioner(
      new BundleCaptioner(options, device, precision, std::move(opener)));
  const auto loaded = captioner->run([](const LoadedNetwork&) {});
  if (!loaded.ok())
    return loaded.error();
  const CaptionerInfo info = captioner->info();
  captioner->threads_ = info.threads;
  Image& picture = captioner->picture_;
  picture.width = info.input_width;
  picture.height = info.input_height;
  picture.pixels.resize(static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) *
                        3);
  return std::unique_ptr<Captioner>(std::move(captioner));
}

Result<Caption> BundleCaptioner::describe(const ImageView& image, const DescribeOptions& options) {
  auto checked = check_range("beam-size", options.beam_size, 1, kMaxBeamSize);
  if (checked.ok())
    checked = check_range("max-words", options.max_words, 1, kMaxWords);
  if (!checked.ok())
    return checked.error();
  cancelled_ = false;
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
  if (cancelled_)
    return Error{ErrorKind::Cancelled, "The caption was cancelled"};
  caption.inference_ms = milliseconds_since(start);
  return caption;
}

void BundleCaptioner::trim_memory() {
  if (is_on_cuda())
    (void)guard_torch([] { release_cuda_cache(); });
}

uint64_t BundleCaptioner::device_memory_bytes() const {
  uint64_t bytes = 0;
  if (is_on_cuda())
    (void)guard_torch([&bytes] { bytes = cuda_memory_bytes(); });
  return bytes;
}

CaptionerInfo BundleCaptioner::info() const {
  const std::lock_guard<std::mutex> lock(info_mutex_);
  return info_;
}

NetworkKeeper::Makers BundleCaptioner::makers(Device device, Precision precision) {
  if (device == Device::Cpu)
    return {nullptr, [=] { return open(Device::Cpu, precision); }, nullptr};
  return {[=] { return open(Device::Cuda, precision); }, [=] { return open_on_cpu_instead(); },
          release_cuda_cache};
}

// The precision was chosen for the GPU: here the fastest and smallest one is wanted.
Result<LoadedNetwork> BundleCaptioner::open_on_cpu_instead() {
  CaptionerOptions options = options_;
  options.precision = Precision::Auto;
  const auto precision = choose_precision(options, Device::Cpu);
  if (!precision.ok())
    return precision.error();
  return open(Device::Cpu, precision.value());
}

Result<LoadedNetwork> BundleCaptioner::open(Device device, Precision precision) {
  auto opened = opener_(options_, device, precision);
  if (!opened.ok())
    return opened.error();
  evidence_ = TagEvidence(opened.value().loaded.bundle->vocabulary);
  const std::lock_guard<std::mutex> lock(info_mutex_);
  info_ = std::move(opened.value().info);
  return std::move(opened.value().loaded);
}

Result<void> BundleCaptioner::run(const NetworkKeeper::Work& work) {
  auto done = keeper_.run(work);
  const std::string fallback = keeper_.fallback();
  if (!fallback.empty() && info().device_fallback.empty()) {
    {
      const std::lock_guard<std::mutex> lock(info_mutex_);
      info_.device_fallback = fallback;
    }
    log_message(LogLevel::Warning, fallback);
  }
  return done;
}

Caption BundleCaptioner::describe_picture(const LoadedNetwork& loaded,
                                          const DescribeOptions& options, Clock::time_point start) {
  use_threads(threads_);
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
    return cancelled_ ||
           (options.max_inference_ms > 0 && milliseconds_since(start) >= options.max_inference_ms);
  };
  const SearchResult found = search(*loaded.network, search_options);
  times_.decode_ms = milliseconds_since(start) - times_.shrink_ms - times_.encode_ms;
  times_.steps = static_cast<int>(found.words.size()) + (found.truncated ? 0 : 1);

  Caption caption;
  write_words(found, loaded.bundle->vocabulary, config.language, caption);
  caption.facts = gather_facts(found, evidence_);
  caption.confidence = confidence_of(found, caption.facts, config.confidence);
  write_tags(loaded, caption);
  hedge(caption, options.hedge_below);
  return caption;
}

Result<std::unique_ptr<Captioner>> Captioner::load(const CaptionerOptions& options) {
  const auto checked = check_range("threads", options.threads, 0, kMaxThreads);
  if (!checked.ok())
    return checked.error();
  const auto device = choose_device(options.device);
  if (!device.ok())
    return device.error();
  if (options.model_dir.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "No model was named; name a directory that has config.json, vocabulary.txt and "
                 "weights"};
  }
  const auto precision = choose_precision(options, device.value());
  if (!precision.ok())
    return precision.error();
  const auto opener = [](const CaptionerOptions& chosen, Device on, Precision with) {
    return open_network(chosen, on, with);
  };
  return BundleCaptioner::load(options, device.value(), precision.value(), opener);
}

}  // namespace jetsoncaption
