// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples sentences, scores them, and turns scores into a loss.
#include "train/reward.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "text/things.h"
#include "train/sequence.h"

namespace jetsoncaption {
namespace {

std::vector<std::vector<Words>> with_end(std::vector<std::vector<Words>> references,
                                         const std::string& end) {
  for (auto& picture : references) {
    for (auto& words : picture)
      words.push_back(end);
  }
  return references;
}

const char kEnd[] = "<end>";
constexpr size_t kEnoughReferences = 3;
constexpr double kShareOfFew = 0.5;

}  // namespace

SentenceReward::SentenceReward(const std::vector<std::vector<Words>>& references,
                               double untrue_penalty)
    : SentenceReward(Ended{with_end(references, kEnd)}, untrue_penalty) {}

SentenceReward::SentenceReward(const Ended& ended, double untrue_penalty)
    : cider_(ended.references), untrue_penalty_(untrue_penalty) {
  const Things& things = Things::standard();
  for (const auto& picture : ended.references) {
    references_.push_back(cider_.prepare(picture));
    seen_.emplace_back(things, picture);
    shares_.push_back(picture.size() >= kEnoughReferences ? 1.0 : kShareOfFew);
  }
}

double SentenceReward::reward(const Words& words, size_t picture) const {
  Words ended = words;
  ended.emplace_back(kEnd);
  return cider_.score(ended, references_[picture]) - penalty(words, picture);
}

double SentenceReward::penalty(const Words& words, size_t picture) const {
  const ThingCounts counts = count_things(Things::standard(), words, seen_[picture]);
  return untrue_penalty_ * (shares_[picture] * counts.untrue + (counts.repeated ? 1 : 0));
}

torch::Tensor SentenceReward::loss(const Decoder& decoder, const Decoder::Picture& picture,
                                   const torch::Tensor& indices, int sentences, int max_words,
                                   double temperature, double dropout,
                                   const Vocabulary& vocabulary) const {
  const TokenIds tokens;
  const auto targets =
      write_sentences(decoder, picture, sentences, max_words, temperature, dropout);  // [B, K, T]
  // Autocast keeps the converted weights of its first use, which had no gradients just now: with
  // them the products below would have none either.
  at::autocast::clear_cache();
  auto rewards = torch::empty({targets.size(0), sentences});
  for (int64_t b = 0; b < targets.size(0); ++b) {
    const auto number = static_cast<size_t>(indices[b].item<int64_t>());
    for (int64_t k = 0; k < sentences; ++k)
      rewards[b][k] = reward(words_of(targets[b][k], vocabulary), number);
  }
  const auto others = (rewards.sum(1, true) - rewards) / (sentences - 1);
  const auto advantage = (rewards - others).flatten();  // [B * K]

  const auto start = torch::full({targets.size(0), sentences, 1}, tokens.start, torch::kInt64);
  const auto inputs = torch::cat({start, targets.narrow(2, 0, targets.size(2) - 1)}, 2);
  const auto scores = score_sentences(decoder, picture, inputs, targets, dropout);
  const auto log_probabilities = torch::log_softmax(scores.logits / temperature, -1)
                                     .gather(-1, scores.targets.unsqueeze(-1))
                                     .squeeze(-1);
  return -(advantage.index_select(0, scores.rows) * log_probabilities).mean();
}

}  // namespace jetsoncaption
