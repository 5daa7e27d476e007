// SPDX-License-Identifier: LGPL-2.1-or-later
// BLEU and ROUGE-L of a set of captions, and all metrics together.
#include "text/metrics.h"

#include <algorithm>
#include <cmath>

#include "text/things.h"
#include "text/truth.h"

namespace jetsoncaption {
namespace {

constexpr size_t kOrders = 4;
constexpr double kPercent = 100.0;

using NgramCounts = std::unordered_map<std::string, int>;

// How often each sequence of `order` words occurs. Words have no blanks in them, so sequences that
// are joined by blanks stay apart.
NgramCounts count_ngrams(const Words& words, size_t order) {
  NgramCounts counts;
  for (size_t begin = 0; begin + order <= words.size(); ++begin) {
    std::string ngram = words[begin];
    for (size_t i = 1; i < order; ++i)
      ngram += ' ' + words[begin + i];
    ++counts[ngram];
  }
  return counts;
}

// How many n-grams of the candidate a reference has too; each counts at most as often as it occurs
// in the reference that has it most.
int count_matches(const CaptionPair& pair, size_t order) {
  NgramCounts allowed;
  for (const auto& reference : pair.references) {
    for (const auto& entry : count_ngrams(reference, order)) {
      int& most = allowed[entry.first];
      most = std::max(most, entry.second);
    }
  }
  int matches = 0;
  for (const auto& entry : count_ngrams(pair.candidate, order)) {
    const auto found = allowed.find(entry.first);
    if (found != allowed.end())
      matches += std::min(entry.second, found->second);
  }
  return matches;
}

// Of two lengths that are equally close, the shorter.
size_t closest_length(const CaptionPair& pair) {
  const auto distance = [&](size_t length) {
    return length > pair.candidate.size() ? length - pair.candidate.size()
                                          : pair.candidate.size() - length;
  };
  size_t closest = pair.references.empty() ? 0 : pair.references.front().size();
  for (const auto& reference : pair.references) {
    const size_t length = reference.size();
    if (distance(length) < distance(closest) ||
        (distance(length) == distance(closest) && length < closest))
      closest = length;
  }
  return closest;
}

size_t common_subsequence_length(const Words& a, const Words& b) {
  std::vector<size_t> row(b.size() + 1, 0);
  for (const auto& word : a) {
    size_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = word == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

double rouge_l_of(const CaptionPair& pair) {
  constexpr double kBeta2 = 1.2 * 1.2;
  double precision = 0;
  double recall = 0;
  for (const auto& reference : pair.references) {
    const auto common = static_cast<double>(common_subsequence_length(pair.candidate, reference));
    if (common == 0)
      continue;
    precision = std::max(precision, common / static_cast<double>(pair.candidate.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0)
    return 0;
  return (1 + kBeta2) * precision * recall / (recall + kBeta2 * precision);
}

}  // namespace

std::array<double, 4> bleu(const std::vector<CaptionPair>& pairs) {
  // The constants that keep the COCO evaluation from dividing by zero; they change the last digits.
  constexpr double kTiny = 1e-15;
  constexpr double kSmall = 1e-9;

  std::array<double, kOrders> matches{};
  std::array<double, kOrders> ngrams{};
  double candidate_length = 0;
  double reference_length = 0;
  for (const auto& pair : pairs) {
    candidate_length += static_cast<double>(pair.candidate.size());
    reference_length += static_cast<double>(closest_length(pair));
    for (size_t order = 1; order <= kOrders; ++order) {
      matches[order - 1] += count_matches(pair, order);
      if (pair.candidate.size() >= order)
        ngrams[order - 1] += static_cast<double>(pair.candidate.size() - order + 1);
    }
  }

  const double ratio = (candidate_length + kTiny) / (reference_length + kSmall);
  const double brevity_penalty = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  std::array<double, kOrders> scores{};
  double product = 1;
  for (size_t i = 0; i < kOrders; ++i) {
    product *= (matches[i] + kTiny) / (ngrams[i] + kSmall);
    scores[i] = kPercent * brevity_penalty * std::pow(product, 1.0 / static_cast<double>(i + 1));
  }
  return scores;
}

double rouge_l(const std::vector<CaptionPair>& pairs) {
  double sum = 0;
  for (const auto& pair : pairs)
    sum += rouge_l_of(pair);
  return pairs.empty() ? 0 : kPercent * sum / static_cast<double>(pairs.size());
}

CaptionScores evaluate_captions(const std::vector<CaptionPair>& pairs) {
  std::vector<std::vector<Words>> references;
  references.reserve(pairs.size());
  for (const auto& pair : pairs)
    references.push_back(pair.references);
  const CiderD cider_d(references);

  CaptionScores scores;
  scores.bleu = bleu(pairs);
  scores.rouge_l = rouge_l(pairs);
  for (const auto& pair : pairs)
    scores.cider_d += cider_d.score(pair.candidate, pair.references);
  if (!pairs.empty())
    scores.cider_d /= static_cast<double>(pairs.size());
  const TruthScores truth = truth_scores(pairs, Things::standard());
  scores.untrue = truth.untrue;
  scores.named = truth.named;
  scores.repeated = truth.repeated;
  return scores;
}

}  // namespace jetsoncaption
