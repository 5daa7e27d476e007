// SPDX-License-Identifier: LGPL-2.1-or-later
// Linear layers of the decoder, on weights that stay where the file was read to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bundle/safetensors.h"
#include "int8/kernels.h"

namespace jetsoncaption {

// Rows of fp32 numbers, rounded to 8 bits with a step for each row.
class QuantizedRows {
 public:
  void assign(const Int8Kernels& kernels, const float* values, int rows, int columns);

  const uint8_t* values() const { return values_.data(); }
  const float* steps() const { return steps_.data(); }
  int rows() const { return rows_; }

 private:
  std::vector<uint8_t> values_;
  std::vector<float> steps_;
  int rows_ = 0;
};

// y = x W^T + b with int8 W and a scale for each of its rows. May be used by several threads.
class Int8Linear {
 public:
  // Weights, scales and, where there is one, bias are borrowed from the file, which must outlive
  // this. `bias` is the name of the bias where it is not the layer's.
  Int8Linear(const Int8Kernels& kernels, const SafetensorsFile& file, const std::string& name,
             const std::string& bias = "");

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }

  void forward(const QuantizedRows& x, float* y) const;

  // x = values [rows, stride] * steps [rows], with zero point 0.
  void forward(const uint8_t* values, int stride, const float* steps, int rows, float* y) const;

  // The row of the matrix as fp32 numbers.
  void copy_row(int row, float* values) const;

 private:
  const Int8Kernels& kernels_;
  const int8_t* weights_;  // [outputs, inputs]
  const float* scales_;
  const float* bias_;
  int inputs_ = 0;
  int outputs_ = 0;
  std::vector<int32_t> sums_;  // of each row of weights
  std::vector<float> no_bias_;
};

}  // namespace jetsoncaption
