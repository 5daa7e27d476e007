// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test of a bundle: what its model says of pictures that a formula makes.
#include "captioner/self_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "captioner/search_setup.h"
#include "image/test_picture.h"
#include "search/search.h"

namespace jetsoncaption {
namespace {

// Asks a network and watches how closely each greedy word is decided.
class MarginScorer : public StepScorer {
 public:
  MarginScorer(StepScorer& scorer, std::vector<int> banned_tokens)
      : scorer_(scorer), banned_tokens_(std::move(banned_tokens)) {}

  int vocabulary_size() const override { return scorer_.vocabulary_size(); }

  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    scorer_.step(parents, words, log_probabilities);
    float best = -std::numeric_limits<float>::infinity();
    float second = best;
    for (size_t word = 0; word < log_probabilities.size(); ++word) {
      const float value = log_probabilities[word];
      if (!std::isfinite(value) || is_banned(static_cast<int>(word)))
        continue;
      second = std::max(second, std::min(value, best));
      best = std::max(best, value);
    }
    margin_ = std::min(margin_, best - second);
  }

  void copy_attention(std::vector<float>& maps) const override { scorer_.copy_attention(maps); }

  float margin() const { return margin_; }

 private:
  bool is_banned(int word) const {
    return std::find(banned_tokens_.begin(), banned_tokens_.end(), word) != banned_tokens_.end();
  }

  StepScorer& scorer_;
  const std::vector<int> banned_tokens_;
  float margin_ = kMostSelfTestMargin;
};

std::string sentence(const std::vector<int>& tokens, const Vocabulary& vocabulary) {
  std::string text;
  for (const int token : tokens)
    text += (text.empty() ? "" : " ") + vocabulary.word(token);
  return "\"" + text + "\"";
}

}  // namespace

SelfTestAnswer answer_test_picture(CaptionNetwork& network, const ModelConfig& config,
                                   int picture) {
  const Image image = make_test_picture(picture, config.input_width, config.input_height);
  network.look_at(image.pixels.data());
  SearchOptions options = make_search_options(config);
  options.max_words = kSelfTestWords;
  MarginScorer scorer(network, options.banned_tokens);
  SearchResult found = search(scorer, options);
  if (!found.truncated)
    found.words.push_back(config.tokens.end);
  return {std::move(found.words), scorer.margin()};
}

SelfTestResult run_self_test(CaptionNetwork& network, const Bundle& bundle, Precision precision) {
  // fp16 rounds more finely than int8, and the words were chosen to bear that.
  const std::string key = name_of(precision == Precision::Fp16 ? Precision::Fp32 : precision);
  SelfTestResult result;
  result.is_absent = true;
  for (const SelfTestPicture& picture : bundle.config.self_test) {
    const auto expected = picture.tokens.find(key);
    if (expected == picture.tokens.end())
      continue;
    result.is_absent = false;
    const std::vector<int> tokens =
        answer_test_picture(network, bundle.config, picture.number).tokens;
    if (tokens == expected->second)
      continue;
    result.difference = "picture " + std::to_string(picture.number) + " gives " +
                        sentence(tokens, bundle.vocabulary) + " instead of " +
                        sentence(expected->second, bundle.vocabulary);
    break;
  }
  return result;
}

}  // namespace jetsoncaption
