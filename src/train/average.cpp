// SPDX-License-Identifier: LGPL-2.1-or-later
// Adds up the weights of one bundle after the other, so that two are in memory at a time.
#include "train/average.h"

#include <utility>

#include "base/same_file.h"
#include "bundle/bundle.h"
#include "torch/torch_runtime.h"
#include "torch/weights.h"
#include "train/run_folder.h"
#include "train/special_tokens.h"
#include "train/trained_bundle.h"

namespace jetsoncaption {
namespace {

// What keeps the second from being added to the first; "" when nothing does.
std::string difference(const Bundle& first, const Bundle& second) {
  if (first.vocabulary.to_text() != second.vocabulary.to_text())
    return "its vocabulary";
  if (first.tag_words != second.tag_words)
    return "its tags";
  for (const auto& [name, tensor] : first.weights.tensors()) {
    const TensorView* other = second.weights.find(name);
    if (other == nullptr || other->shape != tensor.shape)
      return "the shape of " + name;
  }
  if (first.weights.tensors().size() != second.weights.tensors().size())
    return "the number of its layers";
  const ModelConfig& a = first.config;
  const ModelConfig& b = second.config;
  const bool same_input = a.input_width == b.input_width && a.input_height == b.input_height &&
                          a.input_mean == b.input_mean && a.input_scale == b.input_scale;
  return same_input ? "" : "its input";
}

Result<void> average_guarded(const std::vector<std::string>& directories,
                             const std::string& output) {
  auto first = open_bundle(directories.front(), WeightFile::Master);
  if (!first.ok())
    return first.error();
  const torch::NoGradGuard no_gradients;
  // In fp64: the mean of equal weights is the same weights.
  NamedTensors sums;
  for (const auto& [name, tensor] : fp32_tensors(first.value().weights))
    sums[name] = tensor.to(torch::kFloat64);
  for (size_t i = 1; i < directories.size(); ++i) {
    const auto other = open_bundle(directories[i], WeightFile::Master);
    if (!other.ok())
      return other.error();
    const std::string what = difference(first.value(), other.value());
    if (!what.empty()) {
      return Error{ErrorKind::InvalidArgument,
                   directories[i] + " cannot be averaged with " + directories.front() + ": " +
                       what + " differs. Runs have to begin with the same bundle."};
    }
    for (const auto& [name, tensor] : fp32_tensors(other.value().weights))
      sums[name] += tensor;
  }
  for (auto& [name, tensor] : sums)
    tensor = (tensor / static_cast<double>(directories.size())).to(torch::kFloat32);

  // Half silent is neither: the word stage would learn for nothing but to make up for it.
  if (are_special_tokens_silent(sums))
    silence_special_tokens(sums);

  const Bundle& bundle = first.value();
  return write_bundle(output, config_of_new_weights(bundle.config), bundle.vocabulary,
                      bundle.tag_words, sums);
}

}  // namespace

Result<void> average_bundles(const std::vector<std::string>& directories,
                             const std::string& output) {
  if (directories.size() < 2) {
    return Error{ErrorKind::InvalidArgument,
                 "A mean needs two models at least; name them one after the other"};
  }
  for (const std::string& directory : directories) {
    if (is_same_file(directory, output)) {
      return Error{ErrorKind::InvalidArgument,
                   output + " is one of the models; the mean needs a folder of its own"};
    }
  }
  const auto tried = try_folder(output, "--output");
  if (!tried.ok())
    return tried;
  Result<void> result;
  const auto guarded = guard_torch([&] { result = average_guarded(directories, output); });
  return guarded.ok() ? result : guarded;
}

}  // namespace jetsoncaption
