// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at the words that name things, and weighs what it finds.
#include "captioner/confidence.h"

#include <algorithm>
#include <cmath>

#include "text/things.h"

namespace jetsoncaption {
namespace {

constexpr double kLeastProbability = 1e-3;

}  // namespace

ConfidenceFacts gather_facts(const SearchResult& found, const TagEvidence& evidence) {
  ConfidenceFacts facts;
  const double mean = found.confidence();
  facts.words = std::log(std::max(mean, kLeastProbability));
  const Things& things = Things::standard();
  for (size_t i = 0; i < found.words.size(); ++i) {
    const int thing = evidence.things().of(i == 0 ? -1 : found.words[i - 1], found.words[i]);
    if (thing < 0 || !things.is_measured(things.group_of(thing)))
      continue;
    facts.things += 1;
    facts.weakest_thing =
        std::min(facts.weakest_thing, static_cast<double>(found.word_log_probabilities[i]));
    const auto accepted = static_cast<double>(evidence.probability_accepted(thing));
    if (accepted < 0)
      continue;
    const double tag = std::log(std::max(accepted, kLeastProbability));
    facts.weakest_tag = std::min(facts.weakest_tag, tag);
    facts.tags += tag;
  }
  return facts;
}

double confidence_of(const SearchResult& found, const ConfidenceFacts& facts,
                     const ConfidenceConfig& config) {
  if (found.words.empty())
    return 0;
  if (!config.calibrated)
    return found.confidence();
  double sum = config.bias;
  for (const ConfidenceTerm& term : kConfidenceTerms)
    sum += config.weights.*term.fact * (facts.*term.fact);
  return 1 / (1 + std::exp(-sum));
}

}  // namespace jetsoncaption
