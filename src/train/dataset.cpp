// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins data sets, and turns sentences into rows of ids.
#include "train/dataset.h"

#include <algorithm>
#include <iterator>

#include <torch/torch.h>

#include "bundle/config.h"

namespace jetsoncaption {
void append(Dataset&& more, Dataset& dataset) {
  if (dataset.ids.empty()) {
    dataset = std::move(more);
    return;
  }
  const auto move_to_end = [](auto& from, auto& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  move_to_end(more.ids, dataset.ids);
  move_to_end(more.references, dataset.references);
  dataset.pictures.append(more.pictures);
}

EncodedSentences encode_sentences(const std::vector<const std::vector<Words>*>& references,
                                  int sentences, int max_words, const Vocabulary& vocabulary) {
  const auto length = [&](const Words& words) {
    return std::min(static_cast<int>(words.size()), max_words);
  };
  int longest = 0;
  std::vector<std::vector<const Words*>> chosen;  // of each picture, longest first
  for (const auto* picture : references) {
    std::vector<const Words*> rows;
    for (size_t k = 0; k < picture->size() && k < static_cast<size_t>(sentences); ++k)
      rows.push_back(&(*picture)[k]);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Words* a, const Words* b) { return a->size() > b->size(); });
    longest = std::max(longest, length(*rows.front()));
    chosen.push_back(std::move(rows));
  }

  const TokenIds tokens;
  const auto count = static_cast<int64_t>(references.size());
  EncodedSentences encoded;
  encoded.inputs = torch::full({count, sentences, longest + 1}, tokens.padding, torch::kInt64);
  encoded.targets = encoded.inputs.clone();
  auto inputs = encoded.inputs.accessor<int64_t, 3>();
  auto targets = encoded.targets.accessor<int64_t, 3>();
  for (int64_t b = 0; b < count; ++b) {
    const auto& rows = chosen[static_cast<size_t>(b)];
    for (int64_t k = 0; k < static_cast<int64_t>(rows.size()); ++k) {
      const Words& words = *rows[static_cast<size_t>(k)];
      const int words_kept = length(words);
      inputs[b][k][0] = tokens.start;
      for (int t = 0; t < words_kept; ++t) {
        const int id = vocabulary.find(words[static_cast<size_t>(t)]);
        targets[b][k][t] = id < 0 ? tokens.unknown : id;
        inputs[b][k][t + 1] = targets[b][k][t];
      }
      targets[b][k][words_kept] = tokens.end;
    }
  }
  return encoded;
}

}  // namespace jetsoncaption
