// SPDX-License-Identifier: LGPL-2.1-or-later
// Linear regression on samples that come in batches.
#pragma once

#include <torch/types.h>

namespace jetsoncaption {

// Finds W [I + 1, O] with [X 1] W = Y, in double precision. A little is taken off large weights
// where the samples do not ask for them.
class LeastSquares {
 public:
  void add(const torch::Tensor& x, const torch::Tensor& y);  // [N, I], [N, O]

  // float [I + 1, O], the last row for the constant. There must be samples.
  torch::Tensor solve() const;

 private:
  torch::Tensor products_;  // X'X
  torch::Tensor results_;   // X'Y
};

}  // namespace jetsoncaption
