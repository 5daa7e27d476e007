// SPDX-License-Identifier: LGPL-2.1-or-later
// A network is tested when it is opened, and so is the LibTorch that computes it.
#include <string>

#include "fakes/tiny_model_test.h"
#include "torch/torch_captioner.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

NumericOperations wrong_operations() {
  NumericOperations operations = torch_operations();
  operations.exp = [](const Numbers& x) { return Numbers(x.size(), 1.0F); };
  return operations;
}

class NetworkOpenerTest : public TinyModelTest {
 protected:
  CaptionerInfo info_of(Precision precision, const NumericOperations& operations) {
    auto opened = open_network(options_, Device::Cpu, precision, operations);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? opened.value().info : CaptionerInfo{};
  }
};

TEST_F(NetworkOpenerTest, PassesBothTests) {
  const CaptionerInfo info = info_of(Precision::Fp32, torch_operations());
  EXPECT_EQ(info.self_test, SelfTestOutcome::Passed);
  EXPECT_EQ(info.self_test_failure, "");
}

TEST_F(NetworkOpenerTest, SaysThatLibTorchComputesWrongly) {
  const CaptionerInfo info = info_of(Precision::Fp32, wrong_operations());
  EXPECT_EQ(info.self_test, SelfTestOutcome::Failed);
  EXPECT_THAT(info.self_test_failure, HasSubstr(info.version + " computes wrongly"));
  EXPECT_THAT(info.self_test_failure, HasSubstr("exp("));
  EXPECT_THAT(info.self_test_failure, HasSubstr("install another build of LibTorch"));
}

TEST_F(NetworkOpenerTest, NeedsNoSelfTestOfTheBundleForThat) {
  directory_.write("config.json", format_config(tiny_config()));
  EXPECT_EQ(info_of(Precision::Fp32, torch_operations()).self_test, SelfTestOutcome::Absent);
  EXPECT_EQ(info_of(Precision::Fp32, wrong_operations()).self_test, SelfTestOutcome::Failed);
}

TEST_F(NetworkOpenerTest, DoesNotBlameLibTorchWhereItDoesNotCompute) {
  const CaptionerInfo info = info_of(Precision::Int8, wrong_operations());
  EXPECT_EQ(info.self_test, SelfTestOutcome::Passed) << info.self_test_failure;
}

}  // namespace
}  // namespace jetsoncaption
