// SPDX-License-Identifier: LGPL-2.1-or-later
// Normal equations with a ridge.
#include "train/least_squares.h"

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr double kRidge = 1e-3;  // share of the mean variance of an input

}  // namespace

void LeastSquares::add(const torch::Tensor& x, const torch::Tensor& y) {
  const auto inputs = torch::cat({x, torch::ones({x.size(0), 1})}, 1).to(torch::kFloat64);
  const auto products = inputs.t().mm(inputs);
  const auto results = inputs.t().mm(y.to(torch::kFloat64));
  products_ = products_.defined() ? products_ + products : products;
  results_ = results_.defined() ? results_ + results : results;
}

torch::Tensor LeastSquares::solve() const {
  const auto ridge =
      torch::eye(products_.size(0), torch::kFloat64) * (products_.diagonal().mean() * kRidge);
  return torch::cholesky_solve(results_, torch::linalg_cholesky(products_ + ridge))
      .to(torch::kFloat32);
}

}  // namespace jetsoncaption
