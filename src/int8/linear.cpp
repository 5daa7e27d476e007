// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds a layer's tensors and calls the kernel.
#include "int8/linear.h"

#include <numeric>

namespace jetsoncaption {
namespace {

constexpr int kSignedZero = 128;

const float* floats(const TensorView* view) {
  return view ? static_cast<const float*>(view->data) : nullptr;
}

}  // namespace

void QuantizedRows::assign(const Int8Kernels& kernels, const float* values, int rows, int columns) {
  const auto count = static_cast<size_t>(columns);
  rows_ = rows;
  values_.resize(static_cast<size_t>(rows) * count);
  steps_.resize(static_cast<size_t>(rows));
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row)
    steps_[row] = kernels.quantize(values + row * count, columns, values_.data() + row * count);
}

Int8Linear::Int8Linear(const Int8Kernels& kernels, const SafetensorsFile& file,
                       const std::string& name, const std::string& bias)
    : kernels_(kernels) {
  const TensorView& weight = *file.find(name + ".weight");  // checked when the bundle was opened
  weights_ = static_cast<const int8_t*>(weight.data);
  scales_ = floats(file.find(name + ".weight_scale"));
  bias_ = floats(file.find(bias.empty() ? name + ".bias" : bias));
  outputs_ = static_cast<int>(weight.shape[0]);
  inputs_ = static_cast<int>(weight.shape[1]);
  if (bias_ == nullptr) {
    no_bias_.resize(static_cast<size_t>(outputs_));
    bias_ = no_bias_.data();
  }
  for (int row = 0; row < outputs_; ++row) {
    const int8_t* first = weights_ + static_cast<ptrdiff_t>(row) * inputs_;
    sums_.push_back(std::accumulate(first, first + inputs_, int32_t{0}));
  }
}

void Int8Linear::forward(const QuantizedRows& x, float* y) const {
  kernels_.linear({x.values(), inputs_, x.steps(), kSignedZero, x.rows(), inputs_, weights_,
                   scales_, sums_.data(), bias_, outputs_, y, outputs_});
}

void Int8Linear::forward(const uint8_t* values, int stride, const float* steps, int rows,
                         float* y) const {
  kernels_.linear({values, stride, steps, 0, rows, inputs_, weights_, scales_, sums_.data(), bias_,
                   outputs_, y, outputs_});
}

void Int8Linear::copy_row(int row, float* values) const {
  const int8_t* weights = weights_ + static_cast<ptrdiff_t>(row) * inputs_;
  const float scale = scales_[row];
  for (int i = 0; i < inputs_; ++i)
    values[i] = static_cast<float>(weights[i]) * scale;
}

}  // namespace jetsoncaption
