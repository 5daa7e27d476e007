// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads a bundle, chooses the arithmetic for this machine, and describes images with it.
#include "captioner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "image/preprocess.h"
#include "model/bundle.h"
#include "model/caption_network.h"
#include "model/cuda_device.h"
#include "model/search_setup.h"
#include "model/self_test.h"
#include "model/torch_runtime.h"
#include "search/search.h"
#include "text/tokenizer.h"

namespace jetsoncaption {
namespace {

constexpr int kMaxBeamSize = 16;
constexpr int kMaxWords = 50;
constexpr int kMaxThreads = 64;
constexpr char kCudaName[] = "cuda";

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

Result<Device> choose_device(Device device) {
  switch (device) {
    case Device::Auto:
      return check_cuda().ok() ? Device::Cuda : Device::Cpu;
    case Device::Cpu:
      return Device::Cpu;
    case Device::Cuda: {
      const auto cuda = check_cuda();
      if (!cuda.ok())
        return cuda.error();
      return Device::Cuda;
    }
  }
  return Error{
      ErrorKind::InvalidArgument,
      "Device has the unknown number " + std::to_string(static_cast<int>(device)) + "; use 0 to 2"};
}

Result<Precision> choose_precision(const CaptionerOptions& options, Device device) {
  const bool has_int8 = has_weight_file(options.model_dir, WeightFile::Int8);
  switch (options.precision) {
    case Precision::Auto:
      if (device == Device::Cuda && has_weight_file(options.model_dir, WeightFile::Master))
        return Precision::Fp16;
      return has_int8 ? Precision::Int8 : Precision::Fp32;
    case Precision::Fp32:
    case Precision::Fp16:
      return options.precision;
    case Precision::Int8:
      if (has_int8)
        return Precision::Int8;
      return Error{ErrorKind::NotFound,
                   "The model in " + options.model_dir + " has no " +
                       weight_file_name(WeightFile::Int8) +
                       "; make one with `jetsoncaption quantize` or choose precision fp32"};
  }
  return Error{ErrorKind::InvalidArgument, "Precision has the unknown number " +
                                               std::to_string(static_cast<int>(options.precision)) +
                                               "; use 0 to 3"};
}

// Words joined to a sentence, with what the search knows about them.
void write_words(const SearchResult& found, const Vocabulary& vocabulary, Caption& caption) {
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
  caption.text = detokenize(words);
  caption.confidence = found.confidence();
  caption.truncated = found.truncated;
}

class BundleCaptioner : public Captioner {
 public:
  // `bundle` is moved to the heap first, because the network points into it.
  BundleCaptioner(std::unique_ptr<Bundle> bundle, std::unique_ptr<CaptionNetwork> network,
                  CaptionerInfo info)
      : bundle_(std::move(bundle)), network_(std::move(network)), info_(std::move(info)) {
    const ModelConfig& config = bundle_->config;
    pixels_.resize(static_cast<size_t>(config.input_width) *
                   static_cast<size_t>(config.input_height) * 3);
    search_options_ = make_search_options(config);
  }

  Result<Caption> describe(const ImageView& image, const DescribeOptions& options) override {
    auto checked = check_range("beam-size", options.beam_size, 1, kMaxBeamSize);
    if (checked.ok())
      checked = check_range("max-words", options.max_words, 1, kMaxWords);
    if (!checked.ok())
      return checked.error();
    cancelled_ = false;
    const auto start = std::chrono::steady_clock::now();
    auto shrunk = shrinker_.shrink_to(image, bundle_->config.input_width,
                                      bundle_->config.input_height, pixels_.data());
    if (!shrunk.ok())
      return shrunk.error();

    Caption caption;
    auto described = guard_torch([&] { caption = describe_pixels(options, start); });
    if (!described.ok())
      return described.error();
    if (cancelled_)
      return Error{ErrorKind::Cancelled, "The caption was cancelled"};
    caption.inference_ms = milliseconds_since(start);
    return caption;
  }

  void cancel() override { cancelled_ = true; }

  void trim_memory() override {
    if (is_on_cuda())
      (void)guard_torch([] { release_cuda_cache(); });
  }

  uint64_t device_memory_bytes() const override {
    uint64_t bytes = 0;
    if (is_on_cuda())
      (void)guard_torch([&bytes] { bytes = cuda_memory_bytes(); });
    return bytes;
  }

  const CaptionerInfo& info() const override { return info_; }
  CaptionTimes last_times() const override { return times_; }

 private:
  bool is_on_cuda() const { return info_.device == kCudaName; }

  Caption describe_pixels(const DescribeOptions& options,
                          std::chrono::steady_clock::time_point start) {
    use_threads(info_.threads);
    times_ = {};
    times_.shrink_ms = milliseconds_since(start);
    network_->look_at(pixels_.data());
    times_.encode_ms = milliseconds_since(start) - times_.shrink_ms;

    search_options_.beam_size = options.beam_size;
    search_options_.max_words = options.max_words;
    search_options_.keep_attention = options.attention;
    search_options_.should_stop = [this, &options, start] {
      return cancelled_ || (options.max_inference_ms > 0 &&
                            milliseconds_since(start) >= options.max_inference_ms);
    };
    const SearchResult found = search(*network_, search_options_);
    search_options_.should_stop = nullptr;
    times_.decode_ms = milliseconds_since(start) - times_.shrink_ms - times_.encode_ms;
    times_.steps = static_cast<int>(found.words.size()) + (found.truncated ? 0 : 1);

    Caption caption;
    write_words(found, bundle_->vocabulary, caption);
    return caption;
  }

  const std::unique_ptr<Bundle> bundle_;
  const std::unique_ptr<CaptionNetwork> network_;
  const CaptionerInfo info_;
  Shrinker shrinker_;
  std::vector<uint8_t> pixels_;  // one picture of the input size
  SearchOptions search_options_;
  CaptionTimes times_;
  std::atomic<bool> cancelled_{false};
};

bool has_half_weights(const Bundle& bundle) {
  return bundle.weights.find("decoder.embedding.weight")->type == DataType::F16;
}

std::unique_ptr<CaptionNetwork> make_network(const Bundle& bundle, Device device,
                                             Precision precision) {
  std::unique_ptr<CaptionNetwork> network;
  if (precision == Precision::Int8 && device == Device::Cpu)
    network = make_int8_network(bundle);
  if (!network) {
    TorchOptions options;
    options.cuda = device == Device::Cuda;
    options.half = precision == Precision::Fp16;
    network = make_torch_network(bundle, options);
  }
  // All but fp32 weights on the CPU were copied, so that the mapped file need not stay in memory.
  const bool used_in_place =
      device == Device::Cpu && precision == Precision::Fp32 && !has_half_weights(bundle);
  if (!used_in_place)
    bundle.weights.drop_pages();
  return network;
}

const char* precision_name(const Bundle& bundle, Precision precision) {
  if (precision == Precision::Int8)
    return "int8";
  return precision == Precision::Fp16 || has_half_weights(bundle) ? "fp16" : "fp32";
}

// An exception counts as a failure too: it would come with every caption, and the element goes on
// without captions rather than not at all.
void test_itself(CaptionNetwork& network, const Bundle& bundle, CaptionerInfo& info) {
  SelfTestResult result;
  const auto ran = guard_torch([&] { result = run_self_test(network, bundle, info.precision); });
  if (!ran.ok())
    result.difference = ran.error().message;
  else if (result.is_absent)
    return;
  info.self_test = result.difference.empty() ? SelfTestOutcome::Passed : SelfTestOutcome::Failed;
  if (result.difference.empty())
    return;
  info.self_test_failure = "The model " + info.model_name + " fails its self-test with LibTorch " +
                           info.torch_version + ", " + info.engine + " kernels and precision " +
                           info.precision + ": " + result.difference +
                           ". Captions may be wrong here: choose precision " +
                           (info.precision == "fp32" ? "int8" : "fp32") +
                           ", install another build of LibTorch, or get the model again.";
  log_message(LogLevel::Warning, info.self_test_failure);
}

}  // namespace

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
  auto opened =
      open_bundle(options.model_dir,
                  precision.value() == Precision::Int8 ? WeightFile::Int8 : WeightFile::Master);
  if (!opened.ok())
    return opened.error();

  auto bundle = std::make_unique<Bundle>(std::move(opened.value()));
  std::unique_ptr<CaptionNetwork> network;
  CaptionerInfo info;
  auto made = guard_torch([&] {
    info.threads = options.threads > 0 ? options.threads : default_threads();
    use_threads(info.threads);
    allow_cudnn(options.cudnn);
    network = make_network(*bundle, device.value(), precision.value());
    info.torch_version = torch_version();
  });
  if (!made.ok())
    return made.error();
  info.model_name = bundle->config.name;
  info.device = device.value() == Device::Cuda ? kCudaName : "cpu";
  info.precision = precision_name(*bundle, precision.value());
  info.engine = network->kernels();
  info.input_width = bundle->config.input_width;
  info.input_height = bundle->config.input_height;
  info.grid_columns = bundle->config.grid_width();
  info.grid_rows = bundle->config.grid_height();
  test_itself(*network, *bundle, info);
  return std::unique_ptr<Captioner>(
      std::make_unique<BundleCaptioner>(std::move(bundle), std::move(network), std::move(info)));
}

}  // namespace jetsoncaption
