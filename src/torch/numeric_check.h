// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether LibTorch computes on this processor what it should: NVIDIA's first build of 1.9.0 for
// Jetson boards does not (its exp; pytorch issue 61110).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace jetsoncaption {

using Numbers = std::vector<float>;

// outputs [outputs] = weight [outputs, inputs] * input [inputs] + bias [outputs]
struct LinearCase {
  int inputs = 0;
  int outputs = 0;
  Numbers input, weight, bias;
};

// A convolution with kernels of 3x3, a border of zeros and a stride of 1 or 2, of one image.
// input [channels, height, width], weight [kernels, channels / groups, 3, 3], bias [kernels] ->
// [kernels, ceil(height / stride), ceil(width / stride)]
struct ConvolutionCase {
  int channels = 0;
  int kernels = 0;
  int height = 0;
  int width = 0;
  int stride = 1;
  int groups = 1;
  Numbers input, weight, bias;
};

// The operations that captions are made of, in fp32 on the CPU. Tests bring their own.
struct NumericOperations {
  std::function<Numbers(const Numbers&)> exp, sigmoid, tanh, softmax;
  std::function<Numbers(const LinearCase&)> linear;
  std::function<Numbers(const ConvolutionCase&)> convolution;
};
NumericOperations torch_operations();

// Compares each operation with the same in double precision, with sizes that need both the vector
// code and what is left over behind it. Takes some milliseconds. "" where all is well, else what
// differs: "exp(1.5) is 4.1 instead of 4.48169". May throw what LibTorch throws.
std::string check_numbers(const NumericOperations& operations = torch_operations());

// The sentence for users, with the remedy.
std::string wrong_numbers_sentence(const std::string& difference);

}  // namespace jetsoncaption
