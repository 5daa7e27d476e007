// SPDX-License-Identifier: LGPL-2.1-or-later
// CIDEr-D: how much a caption shares with its references of what few other pictures share.
//
// After the cider_scorer.py of the COCO caption evaluation. It is also the reward in training,
// where it is asked thousands of times, so words become numbers and the references' vectors are
// kept.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "text/metrics.h"

namespace jetsoncaption {
namespace {

constexpr size_t kOrders = 4;
constexpr double kSigma = 6.0;

using Ngram = CiderD::Ngram;

// Word numbers begin at 1, so the number of words is the number of entries that are not 0.
size_t order_of(const Ngram& ngram) {
  size_t order = 1;
  while (order < kOrders && ngram[order] != 0)
    ++order;
  return order;
}

// Calls visit(ngram) for each sequence of 1 to 4 words.
template <typename Visit>
void for_each_ngram(const std::vector<uint32_t>& ids, Visit&& visit) {
  for (size_t begin = 0; begin < ids.size(); ++begin) {
    Ngram ngram{};
    for (size_t i = 0; i < kOrders && begin + i < ids.size(); ++i) {
      ngram[i] = ids[begin + i];
      visit(ngram);
    }
  }
}

// Cosine similarity for each order, with counts clipped to the reference's and a penalty for
// another length; their mean.
double similarity(const CiderD::Vector& candidate, const CiderD::Vector& reference) {
  std::array<double, kOrders> products{};
  auto other = reference.entries.begin();
  for (const auto& entry : candidate.entries) {
    while (other != reference.entries.end() && other->ngram < entry.ngram)
      ++other;
    if (other == reference.entries.end())
      break;
    if (other->ngram == entry.ngram)
      products[order_of(entry.ngram) - 1] += std::min(entry.weight, other->weight) * other->weight;
  }
  double sum = 0;
  for (size_t i = 0; i < kOrders; ++i) {
    const double norm = candidate.norms[i] * reference.norms[i];
    if (norm != 0)
      sum += products[i] / norm;
  }
  const double difference = candidate.length - reference.length;
  return sum / kOrders * std::exp(-difference * difference / (2 * kSigma * kSigma));
}

}  // namespace

size_t CiderD::NgramHash::operator()(const Ngram& ngram) const {
  // FNV-1a, a word at a time: cheap, and good enough for small numbers.
  uint64_t hash = 14695981039346656037U;
  for (const uint32_t word : ngram) {
    hash ^= word;
    hash *= 1099511628211U;
  }
  return static_cast<size_t>(hash ^ (hash >> 32));
}

CiderD::CiderD(const std::vector<std::vector<Words>>& references) {
  std::unordered_map<Ngram, uint32_t, NgramHash> document_frequency;
  std::unordered_set<Ngram, NgramHash> in_this_picture;
  std::vector<uint32_t> ids;
  for (const auto& picture : references) {
    in_this_picture.clear();
    for (const auto& sentence : picture) {
      ids.clear();
      for (const auto& word : sentence)
        ids.push_back(words_.emplace(word, static_cast<uint32_t>(words_.size() + 1)).first->second);
      for_each_ngram(ids, [&](const Ngram& ngram) { in_this_picture.insert(ngram); });
    }
    for (const auto& ngram : in_this_picture)
      ++document_frequency[ngram];
  }
  new_idf_ = references.empty() ? 0 : std::log(static_cast<double>(references.size()));
  idf_.reserve(document_frequency.size());
  for (const auto& entry : document_frequency)
    idf_.emplace(entry.first, new_idf_ - std::log(static_cast<double>(entry.second)));
}

CiderD::Vector CiderD::vectorize(const std::vector<uint32_t>& ids) const {
  std::vector<Ngram> ngrams;
  ngrams.reserve(ids.size() * kOrders);
  for_each_ngram(ids, [&](const Ngram& ngram) { ngrams.push_back(ngram); });
  std::sort(ngrams.begin(), ngrams.end());

  Vector vector;
  vector.entries.reserve(ngrams.size());
  vector.length = ids.empty() ? 0 : static_cast<double>(ids.size() - 1);
  for (auto begin = ngrams.begin(); begin != ngrams.end();) {
    const auto end = std::find_if(begin, ngrams.end(), [&](const Ngram& n) { return n != *begin; });
    const auto idf = idf_.find(*begin);
    const double weight =
        static_cast<double>(end - begin) * (idf == idf_.end() ? new_idf_ : idf->second);
    vector.entries.push_back({*begin, weight});
    vector.norms[order_of(*begin) - 1] += weight * weight;
    begin = end;
  }
  for (double& norm : vector.norms)
    norm = std::sqrt(norm);
  return vector;
}

CiderD::Prepared CiderD::prepare(const std::vector<Words>& references) const {
  Prepared prepared;
  std::vector<uint32_t> ids;
  for (const auto& sentence : references) {
    ids.clear();
    for (const auto& word : sentence) {
      const auto known = words_.find(word);
      const auto next = static_cast<uint32_t>(words_.size() + prepared.new_words.size() + 1);
      ids.push_back(known != words_.end() ? known->second
                                          : prepared.new_words.emplace(word, next).first->second);
    }
    prepared.references.push_back(vectorize(ids));
  }
  return prepared;
}

double CiderD::score(const Words& candidate, const Prepared& references) const {
  if (references.references.empty())
    return 0;
  const size_t known_words = words_.size() + references.new_words.size();
  std::vector<uint32_t> ids;
  ids.reserve(candidate.size());
  for (const auto& word : candidate) {
    const auto known = words_.find(word);
    const auto added = references.new_words.find(word);
    // A word that nobody used is numbered by its first place in the candidate.
    const auto place = std::find(candidate.begin(), candidate.end(), word) - candidate.begin();
    ids.push_back(known != words_.end() ? known->second
                  : added != references.new_words.end()
                      ? added->second
                      : static_cast<uint32_t>(known_words + 1 + static_cast<size_t>(place)));
  }
  const Vector vector = vectorize(ids);
  double sum = 0;
  for (const auto& reference : references.references)
    sum += similarity(vector, reference);
  constexpr double kScale = 10.0;
  return kScale * sum / static_cast<double>(references.references.size());
}

double CiderD::score(const Words& candidate, const std::vector<Words>& references) const {
  return score(candidate, prepare(references));
}

}  // namespace jetsoncaption
