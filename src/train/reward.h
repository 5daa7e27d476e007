// SPDX-License-Identifier: LGPL-2.1-or-later
// Rewards whole sentences with CIDEr-D: self-critical sequence training.
#pragma once

#include <vector>

#include <torch/types.h>

#include "model/network.h"
#include "text/metrics.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

class SentenceReward {
 public:
  // References of every training picture. The end of a sentence counts as a word, so that
  // sentences that stop half-way lose.
  explicit SentenceReward(const std::vector<std::vector<Words>>& references);

  // Lets the decoder write `sentences` random sentences for each picture of the batch (`indices`
  // [B] into the references) and returns the loss whose gradient makes those better than their
  // neighbours more likely (Rennie et al. 2017, equation 7). The policy is the softmax of the
  // scores divided by `temperature`: below 1, because label smoothing left every word so much
  // probability that long random sentences nearly always contain nonsense, and short ones would be
  // preferred. With `dropout` the decoder is as unsure as it will be of pictures it has not learnt.
  torch::Tensor loss(const Decoder& decoder, const Decoder::Picture& picture,
                     const torch::Tensor& indices, int sentences, int max_words, double temperature,
                     double dropout, const Vocabulary& vocabulary) const;

 private:
  explicit SentenceReward(std::vector<std::vector<Words>>&& references_with_end);

  CiderD cider_;
  std::vector<CiderD::Prepared> references_;
};

}  // namespace jetsoncaption
