// SPDX-License-Identifier: LGPL-2.1-or-later
// Wraps a file's tensors without copying where LibTorch can use them as they are.
#include "torch/weights.h"

#include <stdexcept>
#include <vector>

#include <torch/torch.h>

#include "base/text.h"

namespace jetsoncaption {
namespace {

torch::ScalarType scalar_type(DataType type) {
  switch (type) {
    case DataType::F32:
      return torch::kFloat32;
    case DataType::F16:
      return torch::kFloat16;
    case DataType::I8:
      return torch::kInt8;
  }
  throw std::logic_error("unknown data type");
}

DataType data_type(torch::ScalarType type) {
  if (type == torch::kFloat32)
    return DataType::F32;
  if (type == torch::kFloat16)
    return DataType::F16;
  if (type == torch::kInt8)
    return DataType::I8;
  throw std::invalid_argument("only float32, float16 and int8 tensors can be stored");
}

// LibTorch has no read-only tensors; nothing writes to a network's parameters while captioning.
torch::Tensor wrap(const TensorView& view) {
  return torch::from_blob(const_cast<void*>(view.data), view.shape, scalar_type(view.type));
}

// int8 rows times the scale of each row.
torch::Tensor dequantize_rows(const torch::Tensor& values, const torch::Tensor& scales) {
  std::vector<int64_t> shape(static_cast<size_t>(values.dim()), 1);
  shape[0] = values.size(0);
  return values.to(torch::kFloat32).mul_(scales.view(shape));
}

}  // namespace

NamedTensors fp32_tensors(const SafetensorsFile& file) {
  return convert_tensors(file, [](const std::string&, const torch::Tensor& fp32) { return fp32; });
}

NamedTensors convert_tensors(const SafetensorsFile& file, const TensorConversion& convert) {
  NamedTensors tensors;
  for (const auto& [name, view] : file.tensors()) {
    if (ends_with(name, ".weight_scale"))
      continue;
    auto tensor = wrap(view);
    if (view.type == DataType::I8)
      tensor = dequantize_rows(tensor, wrap(*file.find(name + "_scale")));
    else if (view.type == DataType::F16)
      tensor = tensor.to(torch::kFloat32);
    tensors.emplace(name, convert(name, tensor));
  }
  return tensors;
}

bool may_be_half(const std::string& name) {
  return ends_with(name, ".weight");
}

bool fits_half(const torch::Tensor& fp32) {
  constexpr float kRoundsToInfinity = 65520;  // halfway above 65504, the largest fp16 number
  return fp32.numel() == 0 || fp32.abs().max().item<float>() < kRoundsToInfinity;
}

std::map<std::string, TensorView> tensor_views(const NamedTensors& tensors) {
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.device().is_cpu(), name, " cannot be borrowed");
    views[name] =
        TensorView{data_type(tensor.scalar_type()), tensor.sizes().vec(), tensor.data_ptr()};
  }
  return views;
}

}  // namespace jetsoncaption
