// SPDX-License-Identifier: LGPL-2.1-or-later
// Changes the biases of the tokens that captions never contain.
#include "train/special_tokens.h"

#include <torch/torch.h>

#include "bundle/config.h"

namespace jetsoncaption {
namespace {

constexpr float kNever = -1e4F;
// Words have biases of some units, and training hardly moves a silent one; the mean of bundles of
// which only some are silent is kNever / 2, kNever / 3, ...
constexpr float kSilentBelow = -100;

}  // namespace

bool are_special_tokens_silent(const NamedTensors& parameters) {
  const torch::NoGradGuard no_gradients;
  return parameters.at("decoder.word.bias").min().item<float>() < kSilentBelow;
}

void silence_special_tokens(NamedTensors& parameters) {
  const torch::NoGradGuard no_gradients;
  const TokenIds tokens;
  for (const int token : {tokens.padding, tokens.start, tokens.unknown})
    parameters.at("decoder.word.bias")[token] = kNever;
}

void unsilence_special_tokens(NamedTensors& parameters) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor& bias = parameters.at("decoder.word.bias");
  const torch::Tensor silent = bias < kSilentBelow;
  if (silent.any().item<bool>())
    bias.masked_fill_(silent, bias.masked_select(silent.logical_not()).mean());
}

}  // namespace jetsoncaption
