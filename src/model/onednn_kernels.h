// SPDX-License-Identifier: LGPL-2.1-or-later
// The few oneDNN operations an int8 captioner needs, with their weights and scratch memory.
//
// oneDNN prepares a primitive for fixed sizes; these classes keep the primitives they made, one for
// each number of rows, so that captions after the first of a kind allocate nothing.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "model/onednn_versions.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace jetsoncaption {

// One engine and stream of the CPU. Not thread-safe: one caption at a time.
struct OnednnContext {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

// Whether this processor multiplies int8 numbers in hardware (VNNI). Without it oneDNN is slower
// than fp32, and its 16-bit intermediate sums can saturate.
bool has_fast_int8();

// y = x W^T + b with int8 W and a scale for each of its rows.
class Int8Linear {
 public:
  // A matrix [outputs, inputs] with its row scales; borrowed during construction.
  struct Matrix {
    const int8_t* weights = nullptr;
    const float* scales = nullptr;
    const float* bias = nullptr;  // nullptr: none
    int outputs = 0;
  };

  // Matrices that share their input are stacked, so that one product serves all of them.
  Int8Linear(OnednnContext& context, int inputs, const std::vector<Matrix>& matrices);

  int outputs() const { return outputs_; }

  // x [rows, inputs] -> y [rows, outputs]. Every row of x is quantized with its own step.
  void forward(const float* x, int rows, float* y);

  // The same for values that are quantized already: x = values * step.
  void forward_quantized(const uint8_t* values, float step, int rows, float* y);

 private:
  struct Product {
    dnnl::matmul primitive;
    dnnl::memory weights;
    dnnl::memory source;
    dnnl::memory destination;
  };

  Product& product(dnnl::memory::data_type source_type, int rows);
  void multiply(dnnl::memory::data_type source_type, void* values, int rows, float* y);

  OnednnContext& context_;
  const int inputs_;
  int outputs_ = 0;
  std::vector<float> scales_;                        // [outputs]
  std::vector<float> bias_;                          // [outputs]
  dnnl::memory weights_;                             // blocked as the first product wants it
  std::map<std::pair<int, int>, Product> products_;  // by source type and rows
  std::vector<int8_t> quantized_;
  std::vector<float> steps_;  // [rows]
};

// tanh, logistic and the like, in place.
class Elementwise {
 public:
  Elementwise(OnednnContext& context, dnnl::algorithm algorithm);
  void forward(float* values, int count);

 private:
  struct Operation {
    dnnl::eltwise_forward primitive;
    dnnl::memory memory;
  };

  OnednnContext& context_;
  const dnnl::algorithm algorithm_;
  std::map<int, Operation> operations_;  // by count
};

// Logarithm of the softmax of each row, in place.
class LogSoftmax {
 public:
  LogSoftmax(OnednnContext& context, int columns);
  void forward(float* values, int rows);

 private:
  struct Operation {
    LogSoftmaxPrimitive primitive;
    dnnl::memory memory;
  };

  OnednnContext& context_;
  const int columns_;
  std::map<int, Operation> operations_;  // by rows
};

}  // namespace jetsoncaption
