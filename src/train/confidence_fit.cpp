// SPDX-License-Identifier: LGPL-2.1-or-later
// Newton's method on facts of unit variance.
#include "train/confidence_fit.h"

#include <cstddef>
#include <string>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr int kSteps = 30;
constexpr double kPenalty = 2;  // of the squared weights, beside the sum of the losses

constexpr int64_t kTerms = sizeof kConfidenceTerms / sizeof *kConfidenceTerms;

// Weights [1 + terms, 1], the bias first, of the columns of x [N, 1 + terms] that are not all 0.
torch::Tensor regress(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& counts) {
  auto penalty = torch::eye(x.size(1), x.options()) * kPenalty;
  penalty[0][0] = 0;  // of the bias
  auto weights = torch::zeros({x.size(1), 1}, x.options());
  for (int step = 0; step < kSteps; ++step) {
    const auto p = torch::sigmoid(torch::matmul(x, weights));
    const auto gradient = torch::matmul(x.t(), counts * (p - y)) + torch::matmul(penalty, weights);
    const auto hessian = torch::matmul(x.t(), x * (counts * p * (1 - p))) + penalty;
    weights = weights - torch::matmul(torch::pinverse(hessian), gradient);
  }
  return weights;
}

}  // namespace

ConfidenceConfig fit_confidence(const std::vector<ConfidenceFacts>& facts,
                                const std::vector<bool>& is_true,
                                const std::vector<double>& counts) {
  const torch::NoGradGuard no_gradients;
  const auto count = static_cast<int64_t>(facts.size());
  auto x = torch::zeros({count, kTerms}, torch::kFloat64);
  auto y = torch::zeros({count, 1}, torch::kFloat64);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t term = 0; term < kTerms; ++term)
      x[i][term] = facts[static_cast<size_t>(i)].*kConfidenceTerms[term].fact;
    y[i][0] = is_true[static_cast<size_t>(i)] ? 1.0 : 0.0;
  }
  const auto weight_of = counts.empty() ? torch::ones_like(y)
                                        : torch::tensor(counts, torch::kFloat64).view({count, 1});
  const auto mean = x.mean(0);
  const auto spread = x.std(0).clamp_min(1e-6);
  auto scaled = torch::cat({torch::ones({count, 1}, torch::kFloat64), (x - mean) / spread}, 1);

  auto weights = regress(scaled, y, weight_of);
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t term = 0; term < kTerms; ++term) {
      // Log-probabilities: the higher the better. How many things are named may weigh either way.
      const bool counts_things = std::string(kConfidenceTerms[term].name) == "things";
      if (!counts_things && weights[term + 1].item<double>() < -1e-9) {
        scaled.select(1, term + 1).zero_();
        changed = true;
      }
    }
    if (changed)
      weights = regress(scaled, y, weight_of);
  }

  ConfidenceConfig fitted;
  fitted.calibrated = true;
  fitted.bias = weights[0].item<double>();
  for (int64_t term = 0; term < kTerms; ++term) {
    const double weight = weights[term + 1].item<double>() / spread[term].item<double>();
    fitted.weights.*kConfidenceTerms[term].fact = weight;
    fitted.bias -= weight * mean[term].item<double>();
  }
  return fitted;
}

}  // namespace jetsoncaption
