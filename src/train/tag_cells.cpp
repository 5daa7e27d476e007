// SPDX-License-Identifier: LGPL-2.1-or-later
// Chooses tags picture by picture, and disturbs them.
#include "train/tag_cells.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "bundle/tag_windows.h"

namespace jetsoncaption {
namespace {

constexpr double kTakenAway = 0.2;   // of the tags
constexpr double kWrong = 0.1;       // of the tags
constexpr double kShaken = 0.7;      // standard deviation of what is added to a score
constexpr double kForgotten = 0.25;  // of the classes that add_classes() is told

double uniform() {
  return torch::rand({1}).item<double>();
}

float logistic(double score) {
  return static_cast<float>(1 / (1 + std::exp(-score)));
}

double score_of(float probability) {
  const double inside = std::min(std::max(static_cast<double>(probability), 1e-4), 1 - 1e-4);
  return std::log(inside / (1 - inside));
}

}  // namespace

TagCells likeliest_cells(const torch::Tensor& scores, const std::vector<int>& tag_words,
                         int count) {
  const torch::NoGradGuard no_gradients;
  const auto values = scores.detach().to(torch::kFloat32).contiguous();
  const int64_t pictures = values.size(0);
  const auto each = static_cast<size_t>(values.numel() / pictures);
  TagCells cells{torch::empty({pictures, count}, torch::kInt64),
                 torch::empty({pictures, count}, torch::kFloat32)};
  auto words = cells.words.accessor<int64_t, 2>();
  auto probabilities = cells.probabilities.accessor<float, 2>();
  std::vector<float> row(each);
  for (int64_t i = 0; i < pictures; ++i) {
    std::copy_n(values.data_ptr<float>() + static_cast<size_t>(i) * each, each, row.begin());
    const std::vector<Tag> tags = sort_tags(row, tag_words);
    for (int k = 0; k < count; ++k) {
      words[i][k] = tags[static_cast<size_t>(k)].word;
      probabilities[i][k] = tags[static_cast<size_t>(k)].probability;
    }
  }
  return cells;
}

void disturb(TagCells& cells, const std::vector<int>& tag_words) {
  const auto chance = torch::rand(cells.words.sizes());
  const auto noise = torch::randn(cells.words.sizes()) * kShaken;
  const auto others =
      torch::randint(static_cast<int64_t>(tag_words.size()), cells.words.sizes(), torch::kInt64);
  auto words = cells.words.accessor<int64_t, 2>();
  auto probabilities = cells.probabilities.accessor<float, 2>();
  const auto chances = chance.accessor<float, 2>();
  const auto noises = noise.accessor<float, 2>();
  const auto wrong = others.accessor<int64_t, 2>();
  for (int64_t i = 0; i < cells.words.size(0); ++i) {
    for (int64_t k = 0; k < cells.words.size(1); ++k) {
      float& probability = probabilities[i][k];
      if (chances[i][k] < kTakenAway) {
        words[i][k] = 0;
        probability = 0;
        continue;
      }
      if (chances[i][k] > 1 - kWrong)
        words[i][k] = tag_words[static_cast<size_t>(wrong[i][k])];
      probability = logistic(score_of(probability) + static_cast<double>(noises[i][k]));
    }
  }
}

void add_classes(TagCells& cells, const std::vector<std::vector<int>>& classes,
                 const std::vector<int>& tag_words) {
  auto words = cells.words.accessor<int64_t, 2>();
  auto probabilities = cells.probabilities.accessor<float, 2>();
  const int64_t count = cells.words.size(1);
  for (int64_t i = 0; i < cells.words.size(0); ++i) {
    int64_t last = count;
    for (const int added : classes[static_cast<size_t>(i)]) {
      const int word = tag_words[static_cast<size_t>(added)];
      bool there = false;
      for (int64_t k = 0; k < last; ++k)
        there = there || words[i][k] == word;
      if (there || last == 0 || uniform() < kForgotten)
        continue;
      --last;
      words[i][last] = word;
      probabilities[i][last] = static_cast<float>(0.2 + 0.8 * uniform());
    }
  }
}

}  // namespace jetsoncaption
