// SPDX-License-Identifier: LGPL-2.1-or-later
// The numeric check passes here, and notices each operation that is wrong.
#include "torch/numeric_check.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

// A right function with one result that is not.
template <typename Case>
std::function<Numbers(const Case&)> spoiled(std::function<Numbers(const Case&)> right, size_t index,
                                            float by) {
  return [=](const Case& one) {
    Numbers results = right(one);
    if (index < results.size())
      results[index] += by;
    return results;
  };
}

TEST(NumericCheck, PassesWhereLibTorchComputesRightly) {
  EXPECT_EQ(check_numbers(), "");
}

TEST(NumericCheck, NamesTheFunctionTheArgumentAndBothValues) {
  NumericOperations operations = torch_operations();
  // As NVIDIA's first build of 1.9.0, roughly: right at first, then not.
  operations.exp = [](const Numbers& x) {
    Numbers results;
    for (const float value : x)
      results.push_back(results.size() < 64 ? std::exp(value) : 1);
    return results;
  };
  const std::string found = check_numbers(operations);
  EXPECT_TRUE(begins_with(found, "exp(")) << found;
  EXPECT_NE(found.find(") is 1 instead of "), std::string::npos) << found;
}

TEST(NumericCheck, NoticesEachFunction) {
  for (const auto& [name, function] : {std::make_pair("exp", &NumericOperations::exp),
                                       std::make_pair("sigmoid", &NumericOperations::sigmoid),
                                       std::make_pair("tanh", &NumericOperations::tanh),
                                       std::make_pair("softmax", &NumericOperations::softmax)}) {
    // In whole groups of numbers and in the rest behind them.
    for (const size_t index : {size_t{0}, size_t{66}}) {
      NumericOperations operations = torch_operations();
      operations.*function = spoiled<Numbers>(operations.*function, index, 0.01F);
      EXPECT_TRUE(begins_with(check_numbers(operations), name)) << name << " " << index;
    }
  }
}

TEST(NumericCheck, NoticesALayer) {
  NumericOperations operations = torch_operations();
  operations.linear = spoiled<LinearCase>(operations.linear, 36, 0.2F);
  EXPECT_TRUE(begins_with(check_numbers(operations), "a linear layer is "));

  operations = torch_operations();
  operations.convolution = spoiled<ConvolutionCase>(operations.convolution, 700, 0.2F);
  EXPECT_TRUE(begins_with(check_numbers(operations), "a convolution is "));
}

TEST(NumericCheck, NoticesADepthwiseConvolution) {
  NumericOperations operations = torch_operations();
  const auto right = operations.convolution;
  operations.convolution = [right](const ConvolutionCase& one) {
    return one.groups == 1 ? right(one) : spoiled<ConvolutionCase>(right, 0, 0.2F)(one);
  };
  EXPECT_TRUE(begins_with(check_numbers(operations), "a depthwise convolution is "));
}

TEST(NumericCheck, NoticesWhatIsNoNumber) {
  NumericOperations operations = torch_operations();
  operations.tanh = spoiled<Numbers>(operations.tanh, 3, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(begins_with(check_numbers(operations), "tanh("));
}

TEST(NumericCheck, NoticesNumbersThatAreMissing) {
  NumericOperations operations = torch_operations();
  operations.softmax = [](const Numbers&) { return Numbers{1}; };
  EXPECT_EQ(check_numbers(operations), "softmax gives 1 numbers instead of 67");
}

TEST(NumericCheck, TellsWhatToDoInASentence) {
  const std::string sentence = wrong_numbers_sentence("exp(1) is 1 instead of 2.71828");
  EXPECT_TRUE(begins_with(sentence, "LibTorch ")) << sentence;
  EXPECT_NE(sentence.find("exp(1) is 1 instead of 2.71828"), std::string::npos);
  EXPECT_NE(sentence.find("install another build of LibTorch"), std::string::npos);
}

}  // namespace
}  // namespace jetsoncaption
