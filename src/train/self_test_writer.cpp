// SPDX-License-Identifier: LGPL-2.1-or-later
// Chooses the pictures of a self-test, and writes what is to be said of them.
#include "train/self_test_writer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "bundle/atomic_file.h"
#include "captioner/self_test.h"
#include "image/test_picture.h"
#include "int8/network.h"
#include "torch/torch_network.h"
#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

// Machines and kernels round differently, and the stored words may only depend on what is far
// larger than that: a test that cries wolf is worse than none. The two ways to compute with int8
// weights differ most: of the 32 pictures they describe 5 to 15 alike, so a picture has to pass
// with both. Between the kernels that LibTorch has for old and new processors log-probabilities
// differ by 0.000006.
constexpr float kLeastMargin = 0.05F;

// A network and the weights that it may point into.
struct Arithmetic {
  std::string precision;
  std::unique_ptr<Bundle> bundle;
  std::unique_ptr<CaptionNetwork> network;
};

using Arithmetics = std::vector<Arithmetic>;

Result<std::unique_ptr<Bundle>> open_on_heap(const std::string& directory, WeightFile file) {
  auto opened = open_bundle(directory, file);
  if (!opened.ok())
    return opened.error();
  return std::make_unique<Bundle>(std::move(opened.value()));
}

// int8 weights twice: on CUDA they are dequantized.
Result<Arithmetics> open_arithmetics(const std::string& directory) {
  Arithmetics arithmetics;
  for (const WeightFile file : {WeightFile::Master, WeightFile::Int8}) {
    if (!has_weight_file(directory, file))
      continue;
    auto bundle = open_on_heap(directory, file);
    if (!bundle.ok())
      return bundle.error();
    const std::string precision = file == WeightFile::Int8 ? "int8" : "fp32";
    if (file == WeightFile::Int8) {
      auto same = open_on_heap(directory, file);
      if (!same.ok())
        return same.error();
      auto fast = make_int8_network(*same.value());
      arithmetics.push_back({precision, std::move(same.value()), std::move(fast)});
    }
    auto network = make_torch_network(*bundle.value());
    arithmetics.push_back({precision, std::move(bundle.value()), std::move(network)});
  }
  if (arithmetics.empty()) {
    return Error{ErrorKind::NotFound,
                 "The model in " + directory + " has no weights; name a complete bundle"};
  }
  return arithmetics;
}

// nullopt when two kernels of one precision say different things.
std::optional<SelfTestPicture> describe_picture(const Arithmetics& arithmetics,
                                                const ModelConfig& config, int number) {
  SelfTestPicture picture;
  picture.number = number;
  picture.margin = kMostSelfTestMargin;
  for (const Arithmetic& arithmetic : arithmetics) {
    SelfTestAnswer given = answer_test_picture(*arithmetic.network, config, number);
    std::vector<int>& tokens = picture.tokens[arithmetic.precision];
    if (!tokens.empty() && tokens != given.tokens)
      return std::nullopt;
    tokens = std::move(given.tokens);
    picture.margin = std::min(picture.margin, given.margin);
  }
  return picture;
}

bool differ_in_each_precision(const SelfTestPicture& a, const SelfTestPicture& b) {
  return std::all_of(a.tokens.begin(), a.tokens.end(),
                     [&](const auto& item) { return b.tokens.at(item.first) != item.second; });
}

// The two most clearly described pictures with different captions: a network that sees nothing
// gives both the same. `pictures` come in the order of falling margins. One picture where all the
// captions are alike, none where none is clear enough.
std::vector<SelfTestPicture> choose(const std::vector<SelfTestPicture>& pictures) {
  for (size_t second = 1; second < pictures.size(); ++second) {
    for (size_t first = 0; first < second; ++first) {
      if (differ_in_each_precision(pictures[first], pictures[second]))
        return {pictures[first], pictures[second]};
    }
  }
  if (pictures.empty())
    return {};
  return {pictures.front()};
}

Result<std::vector<SelfTestPicture>> write_guarded(const std::string& directory) {
  auto arithmetics = open_arithmetics(directory);
  if (!arithmetics.ok())
    return arithmetics.error();
  // The last one has a bundle in any case, and config.json is the same for all.
  ModelConfig config = arithmetics.value().back().bundle->config;

  std::vector<SelfTestPicture> pictures;
  for (int number = 0; number < kTestPictures; ++number) {
    auto picture = describe_picture(arithmetics.value(), config, number);
    if (picture && picture->margin >= kLeastMargin)
      pictures.push_back(std::move(*picture));
  }
  std::stable_sort(pictures.begin(), pictures.end(),
                   [](const auto& a, const auto& b) { return a.margin > b.margin; });
  config.self_test = choose(pictures);
  if (config.self_test.empty()) {
    return Error{ErrorKind::Unsupported,
                 "The model in " + directory +
                     " describes no test picture clearly and alike with all kernels, so it gets no "
                     "self-test; train it further, or quantize it with more pictures"};
  }
  const auto written = write_text_file(directory + "/config.json", format_config(config));
  if (!written.ok())
    return written.error();
  return config.self_test;
}

}  // namespace

Result<std::vector<SelfTestPicture>> write_self_test(const std::string& directory) {
  Result<std::vector<SelfTestPicture>> result = std::vector<SelfTestPicture>{};
  auto guarded = guard_torch([&] { result = write_guarded(directory); });
  if (!guarded.ok())
    return guarded.error();
  return result;
}

}  // namespace jetsoncaption
