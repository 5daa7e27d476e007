// SPDX-License-Identifier: LGPL-2.1-or-later
// Words and tags meet in the things that both name: "horses" is "horse".
#include "captioner/tag_evidence.h"

#include <algorithm>
#include <cmath>

#include "text/things.h"

namespace jetsoncaption {
namespace {

constexpr float kUnknown = -1;
constexpr double kLeastProbability = 1e-3;
// From this logit on, which is a probability of 0.62, a thing counts as seen. On both dev sets this
// is better than evidence that goes on to grow (docs/models.md).
constexpr double kSeen = 0.5;

double logit(double probability) {
  const double p = std::min(std::max(probability, kLeastProbability), 1 - kLeastProbability);
  return std::log(p / (1 - p));
}

std::vector<WordPair> pairs_in(const Vocabulary& vocabulary) {
  std::vector<WordPair> pairs;
  for (const Things::Pair& pair : Things::standard().pairs()) {
    const int first = vocabulary.find(pair.first);
    const int second = vocabulary.find(pair.second);
    if (first >= 0 && second >= 0)
      pairs.push_back({first, second, pair.noun});
  }
  return pairs;
}

}  // namespace

TagEvidence::TagEvidence(const Vocabulary& vocabulary)
    : things_(nouns_of_words(vocabulary), pairs_in(vocabulary)),
      probabilities_(static_cast<size_t>(Things::standard().nouns()), kUnknown),
      accepted_(static_cast<size_t>(Things::standard().groups()), kUnknown) {}

void TagEvidence::look_at(const std::vector<Tag>& tags) {
  const Things& things = Things::standard();
  const auto raise = [](float& probability, const Tag& tag) {
    probability = std::max(probability, tag.probability);
  };
  std::fill(probabilities_.begin(), probabilities_.end(), kUnknown);
  std::fill(accepted_.begin(), accepted_.end(), kUnknown);
  for (const Tag& tag : tags) {
    const int thing = things_.of(tag.word);
    if (thing < 0)
      continue;
    raise(probabilities_[static_cast<size_t>(thing)], tag);
    const int group = things.group_of(thing);
    raise(accepted_[static_cast<size_t>(group)], tag);
    for (const int broader : things.broader(group))
      raise(accepted_[static_cast<size_t>(broader)], tag);
  }
}

float TagEvidence::probability_accepted(int thing) const {
  return accepted_[static_cast<size_t>(Things::standard().group_of(thing))];
}

std::vector<float> TagEvidence::of_words(double weight) const {
  std::vector<float> evidence(things_.words(), 0.0F);
  for (size_t word = 0; word < evidence.size(); ++word) {
    const int thing = things_.of(static_cast<int>(word));
    const double p = thing < 0 ? -1 : static_cast<double>(probability(thing));
    if (p >= 0)
      evidence[word] = static_cast<float>(weight * std::min(0.0, logit(p) - kSeen));
  }
  return evidence;
}

}  // namespace jetsoncaption
