// SPDX-License-Identifier: LGPL-2.1-or-later
// Tokens that captions never contain are silent while sentences are rewarded, and at no other time.
#include "train/special_tokens.h"

#include <vector>

#include <gtest/gtest.h>

#include <torch/types.h>

namespace jetsoncaption {
namespace {

// In the order of the ids: padding, start, end, unknown, two words.
NamedTensors with_biases(const std::vector<float>& biases) {
  return {{"decoder.word.bias", torch::tensor(biases)}};
}

std::vector<float> biases(const NamedTensors& parameters) {
  const auto& bias = parameters.at("decoder.word.bias");
  return {bias.data_ptr<float>(), bias.data_ptr<float>() + bias.numel()};
}

TEST(SpecialTokens, AreSilencedButTheEnd) {
  auto parameters = with_biases({1, 2, 3, 4, 5, 6});
  silence_special_tokens(parameters);
  EXPECT_EQ(biases(parameters), (std::vector<float>{-1e4F, -1e4F, 3, -1e4F, 5, 6}));
}

TEST(SpecialTokens, BecomeAsLikelyAsAMeanWordWhenTheyWereSilent) {
  auto parameters = with_biases({1, 2, 3, 4, 5, 7});
  silence_special_tokens(parameters);
  unsilence_special_tokens(parameters);
  EXPECT_EQ(biases(parameters), (std::vector<float>{5, 5, 3, 5, 5, 7}));
}

// Of a mean of bundles, of which one was silent.
TEST(SpecialTokens, AreSilentTooWhenTheyAreOnlyInPart) {
  auto parameters = with_biases({-4995, -4995, 3, -4995, 5, 7});
  EXPECT_TRUE(are_special_tokens_silent(parameters));
  unsilence_special_tokens(parameters);
  EXPECT_FALSE(are_special_tokens_silent(parameters));
  EXPECT_EQ(biases(parameters), (std::vector<float>{5, 5, 3, 5, 5, 7}));
}

TEST(SpecialTokens, StayAsTheyAreWhenTheyWereNotSilent) {
  auto parameters = with_biases({-40, 0, 3, 40, 5, 7});
  unsilence_special_tokens(parameters);
  EXPECT_EQ(biases(parameters), (std::vector<float>{-40, 0, 3, 40, 5, 7}));
}

TEST(SpecialTokens, MayNeedGradients) {
  auto parameters = with_biases({1, 2, 3, 4, 5, 7});
  parameters.at("decoder.word.bias").requires_grad_();
  silence_special_tokens(parameters);
  unsilence_special_tokens(parameters);
  EXPECT_EQ(biases(parameters), (std::vector<float>{5, 5, 3, 5, 5, 7}));
}

}  // namespace
}  // namespace jetsoncaption
