// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads what a TensorFlow Lite file says of a network: its tensors and its operators.
//
// The format is a flatbuffer after tensorflow/lite/schema/schema.fbs, version 3. Nothing in it is
// believed: every offset, length and index is checked before it is followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

// The numbers are those of the schema.
enum class TfliteType { Float32 = 0, Float16 = 1, Int32 = 2, Uint8 = 3, Int8 = 9 };
enum class TfliteOp {
  Add = 0,
  AveragePool = 1,
  Conv = 3,
  DepthwiseConv = 4,
  Dequantize = 6,
  FullyConnected = 9,
  Reshape = 22,
  Softmax = 25,
  Pad = 34,
  Mean = 40,
  Quantize = 114,
};
enum class TflitePadding { Same = 0, Valid = 1 };
enum class TfliteActivation { None = 0, Relu6 = 3 };

struct TfliteTensor {
  std::string name;
  std::vector<int64_t> shape;
  TfliteType type = TfliteType::Float32;
  std::vector<float> scales;  // none: not quantized
  std::vector<int64_t> zero_points;
  size_t quantized_axis = 0;  // of the scales, when there are several
  std::string data;           // as in the file; empty: computed when the network runs

  size_t elements() const;
};

struct TfliteOperator {
  TfliteOp op = TfliteOp::Add;
  std::vector<size_t> inputs;  // tensors; optional ones that are absent are left out
  std::vector<size_t> outputs;
  TflitePadding padding = TflitePadding::Same;  // of convolutions
  int stride_width = 1;
  int stride_height = 1;
  TfliteActivation activation = TfliteActivation::None;  // also of additions
};

struct TfliteModel {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;  // in the order in which they run
  std::vector<size_t> inputs;
};

// The first subgraph of a file. InvalidArgument when it is damaged, or no such file.
Result<TfliteModel> read_tflite(const std::string& bytes, const std::string& file);

// The values of a constant tensor, whatever they are stored as. InvalidArgument when its data is
// not as long as its shape says, or its scales do not fit.
Result<std::vector<float>> tflite_values(const TfliteTensor& tensor);

}  // namespace jetsoncaption
