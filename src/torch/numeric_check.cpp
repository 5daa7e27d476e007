// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether LibTorch computes on this processor what it should.
#include "torch/numeric_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <c10/core/InferenceMode.h>
#include <torch/types.h>

#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

// Right results differ by a millionth, wrong ones by far more; what cries wolf is worse than
// nothing. Sums of products are allowed more, because LibTorch can be told to multiply in bf16
// (ONEDNN_DEFAULT_FPMATH_MODE); a product that is missing still shows.
constexpr double kTolerance = 1e-4;
constexpr double kSumTolerance = 0.02;

// LibTorch computes 8 to 32 numbers at a time: some whole groups and a rest, and a rest alone.
constexpr int kCounts[] = {67, 5};

using Reference = std::vector<double>;

// From `lowest` to `highest`, in no order.
Numbers spread(int count, float lowest, float highest) {
  Numbers numbers;
  unsigned state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;  // Knuth's; its upper bits are random enough
    numbers.push_back(lowest + (highest - lowest) * static_cast<float>(state >> 8) / 16777216.0F);
  }
  return numbers;
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

// How far a result may be from the right one.
double allowed_error(double expected) {
  return kTolerance * std::abs(expected);
}
double allowed_error_of_sum(double expected) {
  return kSumTolerance * std::max(std::abs(expected), 1.0);
}

std::string difference(const std::string& operation, const Numbers* arguments,
                       const Numbers& results, const Reference& expected,
                       double (*allowed)(double) = allowed_error) {
  if (results.size() != expected.size()) {
    return operation + " gives " + std::to_string(results.size()) + " numbers instead of " +
           std::to_string(expected.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    // This way round, because all comparisons with NaN are false.
    if (std::abs(static_cast<double>(results[i]) - expected[i]) <= allowed(expected[i]))
      continue;
    const std::string argument =
        arguments == nullptr ? "" : "(" + text(static_cast<double>((*arguments)[i])) + ")";
    return operation + argument + " is " + text(static_cast<double>(results[i])) + " instead of " +
           text(expected[i]);
  }
  return "";
}

std::string check_function(const char* name, const std::function<Numbers(const Numbers&)>& function,
                           double (*reference)(double)) {
  for (const int count : kCounts) {
    const Numbers arguments = spread(count, -10, 10);
    Reference expected;
    for (const float argument : arguments)
      expected.push_back(reference(static_cast<double>(argument)));
    std::string found = difference(name, &arguments, function(arguments), expected);
    if (!found.empty())
      return found;
  }
  return "";
}

double exponential(double x) {
  return std::exp(x);
}
double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}
double hyperbolic_tangent(double x) {
  return std::tanh(x);
}

std::string check_softmax(const std::function<Numbers(const Numbers&)>& softmax) {
  for (const int count : kCounts) {
    const Numbers arguments = spread(count, -5, 5);
    Reference expected;
    double sum = 0;
    for (const float argument : arguments) {
      expected.push_back(std::exp(static_cast<double>(argument)));
      sum += expected.back();
    }
    for (double& value : expected)
      value /= sum;
    std::string found = difference("softmax", nullptr, softmax(arguments), expected);
    if (!found.empty())
      return found;
  }
  return "";
}

std::string check_linear(const std::function<Numbers(const LinearCase&)>& linear) {
  LinearCase one;
  one.inputs = 67;
  one.outputs = 37;
  one.input = spread(one.inputs, -1, 1);
  one.weight = spread(one.inputs * one.outputs, -0.5F, 0.5F);
  one.bias = spread(one.outputs, -1, 1);
  Reference expected;
  for (int output = 0; output < one.outputs; ++output) {
    double sum = one.bias[static_cast<size_t>(output)];
    for (int input = 0; input < one.inputs; ++input) {
      sum += static_cast<double>(one.weight[static_cast<size_t>(output * one.inputs + input)]) *
             static_cast<double>(one.input[static_cast<size_t>(input)]);
    }
    expected.push_back(sum);
  }
  return difference("a linear layer", nullptr, linear(one), expected, allowed_error_of_sum);
}

// What a kernel sees at one place of the output, from the channels of its group.
double convolve_at(const ConvolutionCase& one, int kernel, int y, int x) {
  const int depth = one.channels / one.groups;
  const int first = kernel / (one.kernels / one.groups) * depth;
  double sum = one.bias[static_cast<size_t>(kernel)];
  for (int channel = 0; channel < depth; ++channel) {
    for (int tap = 0; tap < 9; ++tap) {
      const int row = y * one.stride + tap / 3 - 1;
      const int column = x * one.stride + tap % 3 - 1;
      if (row < 0 || row >= one.height || column < 0 || column >= one.width)
        continue;
      const int weight = (kernel * depth + channel) * 9 + tap;
      const int pixel = ((first + channel) * one.height + row) * one.width + column;
      sum += static_cast<double>(one.weight[static_cast<size_t>(weight)]) *
             static_cast<double>(one.input[static_cast<size_t>(pixel)]);
    }
  }
  return sum;
}

std::string check_convolution(const char* name, ConvolutionCase one,
                              const std::function<Numbers(const ConvolutionCase&)>& convolution) {
  one.input = spread(one.channels * one.height * one.width, -1, 1);
  one.weight = spread(one.kernels * one.channels / one.groups * 9, -0.5F, 0.5F);
  one.bias = spread(one.kernels, -1, 1);
  Reference expected;
  for (int kernel = 0; kernel < one.kernels; ++kernel) {
    for (int y = 0; y * one.stride < one.height; ++y) {
      for (int x = 0; x * one.stride < one.width; ++x)
        expected.push_back(convolve_at(one, kernel, y, x));
    }
  }
  return difference(name, nullptr, convolution(one), expected, allowed_error_of_sum);
}

torch::Tensor to_tensor(const Numbers& numbers, const std::vector<int64_t>& shape) {
  return torch::tensor(numbers).reshape(shape);
}

torch::Tensor to_tensor(const Numbers& numbers) {
  return torch::tensor(numbers);
}

Numbers to_numbers(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  const float* data = flat.data_ptr<float>();
  return Numbers(data, data + flat.numel());
}

}  // namespace

NumericOperations torch_operations() {
  NumericOperations operations;
  operations.exp = [](const Numbers& x) { return to_numbers(torch::exp(to_tensor(x))); };
  operations.sigmoid = [](const Numbers& x) { return to_numbers(torch::sigmoid(to_tensor(x))); };
  operations.tanh = [](const Numbers& x) { return to_numbers(torch::tanh(to_tensor(x))); };
  operations.softmax = [](const Numbers& x) { return to_numbers(torch::softmax(to_tensor(x), 0)); };
  operations.linear = [](const LinearCase& one) {
    return to_numbers(torch::linear(to_tensor(one.input, {1, one.inputs}),
                                    to_tensor(one.weight, {one.outputs, one.inputs}),
                                    to_tensor(one.bias)));
  };
  operations.convolution = [](const ConvolutionCase& one) {
    const std::vector<int64_t> steps{one.stride, one.stride};
    const std::vector<int64_t> ones{1, 1};
    return to_numbers(
        torch::conv2d(to_tensor(one.input, {1, one.channels, one.height, one.width}),
                      to_tensor(one.weight, {one.kernels, one.channels / one.groups, 3, 3}),
                      to_tensor(one.bias), steps, ones, ones, one.groups));
  };
  return operations;
}

std::string check_numbers(const NumericOperations& operations) {
  ConvolutionCase dense;
  dense.channels = 3;
  dense.kernels = 19;
  dense.height = 11;
  dense.width = 13;
  dense.stride = 2;
  ConvolutionCase depthwise = dense;
  depthwise.channels = depthwise.kernels = depthwise.groups = 19;
  depthwise.stride = 1;

  const c10::InferenceMode inference;
  for (const auto& check : std::vector<std::function<std::string()>>{
           [&] { return check_function("exp", operations.exp, exponential); },
           [&] { return check_function("sigmoid", operations.sigmoid, logistic); },
           [&] { return check_function("tanh", operations.tanh, hyperbolic_tangent); },
           [&] { return check_softmax(operations.softmax); },
           [&] { return check_linear(operations.linear); },
           [&] { return check_convolution("a convolution", dense, operations.convolution); },
           [&] {
             return check_convolution("a depthwise convolution", depthwise, operations.convolution);
           }}) {
    std::string found = check();
    if (!found.empty())
      return found;
  }
  return "";
}

std::string wrong_numbers_sentence(const std::string& difference) {
  return "LibTorch " + torch_version() + " computes wrongly on this processor: " + difference +
         ". Captions may be wrong here: install another build of LibTorch; on JetPack 4 NVIDIA's "
         "1.10.";
}

}  // namespace jetsoncaption
