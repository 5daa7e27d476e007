// SPDX-License-Identifier: LGPL-2.1-or-later
// Rewards whole sentences with CIDEr-D, less for what they make up: self-critical sequence
// training.
#pragma once

#include <vector>

#include <torch/types.h>

#include "text/metrics.h"
#include "text/truth.h"
#include "text/vocabulary.h"
#include "torch/network.h"

namespace jetsoncaption {

class SentenceReward {
 public:
  // References of every training picture. The end of a sentence counts as a word, so that
  // sentences that stop half-way lose. For each thing that a sentence names and no reference does,
  // and for each that it names twice, it loses `untrue_penalty`; half of that where a picture has
  // so few references that they cannot name all that is there.
  SentenceReward(const std::vector<std::vector<Words>>& references, double untrue_penalty);

  // Of a sentence for the picture of that number, before the loss compares it with others.
  double reward(const Words& words, size_t picture) const;

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
  struct Ended {
    std::vector<std::vector<Words>> references;  // of each picture, with an end
  };
  SentenceReward(const Ended& ended, double untrue_penalty);

  double penalty(const Words& words, size_t picture) const;

  CiderD cider_;
  std::vector<CiderD::Prepared> references_;
  std::vector<ThingsSeen> seen_;  // in each picture
  std::vector<double> shares_;    // of the penalty, that count for each picture
  const double untrue_penalty_;
};

}  // namespace jetsoncaption
