// SPDX-License-Identifier: LGPL-2.1-or-later
// How close captions come to what people wrote: BLEU, ROUGE-L and CIDEr-D as the COCO caption
// evaluation defines them, and what truth.h counts. Sentences are the words that tokenize() makes
// of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
  double untrue = 0;             // as TruthScores, with Things::standard(): 0 to 1
  double named = 0;
  double repeated = 0;
};

// Corpus BLEU with the closest reference length (Papineni et al. 2002).
std::array<double, 4> bleu(const std::vector<CaptionPair>& pairs);

// ROUGE-L with beta = 1.2 (Lin 2004): best precision and best recall over the references.
double rouge_l(const std::vector<CaptionPair>& pairs);

// CIDEr-D (Vedantam et al. 2015): sigma = 6, n = 1 to 4, document frequencies from the references
// it is made with. Thread-safe after it is made.
class CiderD {
 public:
  // One to four words as numbers; 0 where there is none.
  using Ngram = std::array<uint32_t, 4>;

  // The tf-idf vector of a sentence.
  struct Vector {
    struct Entry {
      Ngram ngram;
      double weight;
    };
    std::vector<Entry> entries;  // in the order of the n-grams
    std::array<double, 4> norms{};
    double length = 0;  // number of word pairs, as the original counts it
  };

  // The references of one picture, ready to be compared with many candidates.
  struct Prepared {
    std::vector<Vector> references;
    std::unordered_map<std::string, uint32_t> new_words;  // that the corpus does not have
  };

  // One entry a picture: its reference sentences.
  explicit CiderD(const std::vector<std::vector<Words>>& references);

  Prepared prepare(const std::vector<Words>& references) const;

  // The score of one candidate against the references of its picture, 0 to 10. 0 without any.
  double score(const Words& candidate, const Prepared& references) const;
  double score(const Words& candidate, const std::vector<Words>& references) const;

 private:
  struct NgramHash {
    size_t operator()(const Ngram& ngram) const;
  };

  Vector vectorize(const std::vector<uint32_t>& ids) const;

  std::unordered_map<std::string, uint32_t> words_;  // numbered from 1
  std::unordered_map<Ngram, double, NgramHash> idf_;
  double new_idf_ = 0;  // of an n-gram that no reference has
};

// All of them. CIDEr-D takes its document frequencies from the references of the pairs.
CaptionScores evaluate_captions(const std::vector<CaptionPair>& pairs);

}  // namespace jetsoncaption
