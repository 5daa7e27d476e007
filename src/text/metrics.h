// SPDX-License-Identifier: LGPL-2.1-or-later
// How close captions come to what people wrote: BLEU, ROUGE-L and CIDEr-D as the COCO caption
// evaluation defines them.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace jetsoncaption {

using Words = std::vector<std::string>;

// One picture: what the model said, and what people said. At least one reference.
struct CaptionPair {
  Words candidate;
  std::vector<Words> references;
};

struct CaptionScores {
  std::array<double, 4> bleu{};  // BLEU-1 to BLEU-4 of the corpus, 0 to 100
  double rouge_l = 0;            // mean over the pictures, 0 to 100
  double cider_d = 0;            // mean over the pictures, 0 to 10
};

// Corpus BLEU with the closest reference length (Papineni et al. 2002).
std::array<double, 4> bleu(const std::vector<CaptionPair>& pairs);
// ROUGE-L with beta = 1.2 (Lin 2004).
double rouge_l(const std::vector<CaptionPair>& pairs);

// CIDEr-D (Vedantam et al. 2015): sigma = 6, n = 1 to 4, document frequencies from `references`.
class CiderD {
 public:
  // One entry a picture: its reference sentences.
  explicit CiderD(const std::vector<std::vector<Words>>& references);
  // The score of one candidate against its references, 0 to 10. Thread-safe.
  double score(const Words& candidate, const std::vector<Words>& references) const;

 private:
  std::unordered_map<std::string, double> document_frequency_;
  double log_documents_ = 0;
};

CaptionScores evaluate_captions(const std::vector<CaptionPair>& pairs);

}  // namespace jetsoncaption
