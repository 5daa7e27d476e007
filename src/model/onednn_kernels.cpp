// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes and runs oneDNN primitives.
#include "model/onednn_kernels.h"

#include <algorithm>
#include <cmath>

namespace jetsoncaption {
namespace {

using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

// The largest size of a row, or 0.
float largest(const float* row, int count) {
  float result = 0;
  for (int i = 0; i < count; ++i)
    result = std::max(result, std::fabs(row[i]));
  return result;
}

// Rounded to the nearest step. Also safe for infinities and NaN, which untrusted weights can cause.
int8_t quantize(float value) {
  const float limited = std::min(127.0F, std::max(-127.0F, value));
  return static_cast<int8_t>(limited + (limited < 0 ? -0.5F : 0.5F));
}

}  // namespace

bool has_fast_int8() {
  return has_vnni();
}

Int8Linear::Int8Linear(OnednnContext& context, int inputs, const std::vector<Matrix>& matrices)
    : context_(context), inputs_(inputs) {
  std::vector<int8_t> stacked;
  for (const Matrix& matrix : matrices) {
    const auto rows = static_cast<size_t>(matrix.outputs);
    stacked.insert(stacked.end(), matrix.weights,
                   matrix.weights + rows * static_cast<size_t>(inputs));
    scales_.insert(scales_.end(), matrix.scales, matrix.scales + rows);
    if (matrix.bias)
      bias_.insert(bias_.end(), matrix.bias, matrix.bias + rows);
    else
      bias_.resize(bias_.size() + rows, 0.0F);
    outputs_ += matrix.outputs;
  }

  // The layout that suits one row is kept, because that is what nearly all products have.
  const dnnl::memory::desc plain({inputs_, outputs_}, Type::s8, Tag::ba);
  const dnnl::memory::desc any({inputs_, outputs_}, Type::s8, Tag::any);
  const auto preferred = describe_matmul(context_.engine, {{1, inputs_}, Type::s8, Tag::ab}, any,
                                         {{1, outputs_}, Type::f32, Tag::ab});
  weights_ = dnnl::memory(preferred.weights_desc(), context_.engine);
  dnnl::memory source(plain, context_.engine, stacked.data());
  dnnl::reorder(source, weights_).execute(context_.stream, source, weights_);
  context_.stream.wait();
}

Int8Linear::Product& Int8Linear::product(Type source_type, int rows) {
  const auto key = std::make_pair(static_cast<int>(source_type), rows);
  const auto found = products_.find(key);
  if (found != products_.end())
    return found->second;

  const dnnl::memory::desc source({rows, inputs_}, source_type, Tag::ab);
  const dnnl::memory::desc destination({rows, outputs_}, Type::f32, Tag::ab);
  const dnnl::memory::desc any({inputs_, outputs_}, Type::s8, Tag::any);
  const auto description = describe_matmul(context_.engine, source, any, destination);
  Product product;
  product.weights = weights_;
  if (description.weights_desc() != weights_.get_desc()) {
    product.weights = dnnl::memory(description.weights_desc(), context_.engine);
    dnnl::reorder(weights_, product.weights).execute(context_.stream, weights_, product.weights);
    context_.stream.wait();
  }
  product.primitive = dnnl::matmul(description);
  product.source = dnnl::memory(source, context_.engine, nullptr);
  product.destination = dnnl::memory(destination, context_.engine, nullptr);
  return products_.emplace(key, std::move(product)).first->second;
}

void Int8Linear::multiply(Type source_type, void* values, int rows, float* y) {
  Product& ready = product(source_type, rows);
  ready.source.set_data_handle(values);
  ready.destination.set_data_handle(y);
  ready.primitive.execute(context_.stream, {{DNNL_ARG_SRC, ready.source},
                                            {DNNL_ARG_WEIGHTS, ready.weights},
                                            {DNNL_ARG_DST, ready.destination}});
  context_.stream.wait();
  for (int row = 0; row < rows; ++row) {
    float* out = y + static_cast<ptrdiff_t>(row) * outputs_;
    const float step = steps_[static_cast<size_t>(row)];
    for (int i = 0; i < outputs_; ++i)
      out[i] = out[i] * (step * scales_[static_cast<size_t>(i)]) + bias_[static_cast<size_t>(i)];
  }
}

void Int8Linear::forward(const float* x, int rows, float* y) {
  quantized_.resize(static_cast<size_t>(rows) * static_cast<size_t>(inputs_));
  steps_.resize(static_cast<size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    const float* in = x + static_cast<ptrdiff_t>(row) * inputs_;
    int8_t* out = quantized_.data() + static_cast<ptrdiff_t>(row) * inputs_;
    const float range = largest(in, inputs_);
    const float scale = range > 0 ? 127.0F / range : 0.0F;
    steps_[static_cast<size_t>(row)] = range / 127.0F;
    for (int i = 0; i < inputs_; ++i)
      out[i] = quantize(in[i] * scale);
  }
  multiply(Type::s8, quantized_.data(), rows, y);
}

void Int8Linear::forward_quantized(const uint8_t* values, float step, int rows, float* y) {
  steps_.assign(static_cast<size_t>(rows), step);
  multiply(Type::u8, const_cast<uint8_t*>(values), rows, y);
}

Elementwise::Elementwise(OnednnContext& context, dnnl::algorithm algorithm)
    : context_(context), algorithm_(algorithm) {}

void Elementwise::forward(float* values, int count) {
  auto found = operations_.find(count);
  if (found == operations_.end()) {
    const dnnl::memory::desc shape({count}, Type::f32, Tag::a);
    Operation operation{dnnl::eltwise_forward(describe_eltwise(context_.engine, algorithm_, shape)),
                        dnnl::memory(shape, context_.engine, nullptr)};
    found = operations_.emplace(count, std::move(operation)).first;
  }
  dnnl::memory& memory = found->second.memory;
  memory.set_data_handle(values);
  found->second.primitive.execute(context_.stream,
                                  {{DNNL_ARG_SRC, memory}, {DNNL_ARG_DST, memory}});
  context_.stream.wait();
}

LogSoftmax::LogSoftmax(OnednnContext& context, int columns)
    : context_(context), columns_(columns) {}

void LogSoftmax::forward(float* values, int rows) {
  auto found = operations_.find(rows);
  if (found == operations_.end()) {
    const dnnl::memory::desc shape({rows, columns_}, Type::f32, Tag::ab);
    Operation operation{LogSoftmaxPrimitive(describe_log_softmax(context_.engine, shape, 1)),
                        dnnl::memory(shape, context_.engine, nullptr)};
    found = operations_.emplace(rows, std::move(operation)).first;
  }
  dnnl::memory& memory = found->second.memory;
  memory.set_data_handle(values);
  found->second.primitive.execute(context_.stream,
                                  {{DNNL_ARG_SRC, memory}, {DNNL_ARG_DST, memory}});
  context_.stream.wait();
}

}  // namespace jetsoncaption
