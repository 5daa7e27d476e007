// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test is written so that every kernel passes it, and notices weights that are not those
// it was written for.
#include "captioner/self_test.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "int8/network.h"
#include "torch/torch_network.h"
#include "train/self_test_writer.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

class SelfTest : public testing::Test {
 protected:
  void SetUp() override { write_bundle(1); }

  void write_bundle(unsigned seed) {
    const auto written = write_tiny_bundle(directory_.path(), seed);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  std::unique_ptr<Bundle> open(WeightFile file) {
    auto opened = open_bundle(directory_.path(), file);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::make_unique<Bundle>(std::move(opened.value()));
  }

  SelfTestResult run(WeightFile file) {
    const auto bundle = open(file);
    const auto network = make_torch_network(*bundle);
    return run_self_test(*network, *bundle,
                         file == WeightFile::Int8 ? Precision::Int8 : Precision::Fp32);
  }

  TemporaryDirectory directory_;
};

TEST_F(SelfTest, OfTheTinyBundlePassesInEachPrecision) {
  for (const WeightFile file : {WeightFile::Master, WeightFile::Int8}) {
    EXPECT_FALSE(run(file).is_absent);
    EXPECT_EQ(run(file).difference, "");
  }
}

TEST_F(SelfTest, PassesWithTheInt8KernelsOfThisMachine) {
  const auto bundle = open(WeightFile::Int8);
  const auto network = make_int8_network(*bundle);
  EXPECT_EQ(run_self_test(*network, *bundle, Precision::Int8).difference, "");
}

TEST_F(SelfTest, SaysWhichPictureIsDescribedHow) {
  ASSERT_TRUE(write_self_test(directory_.path()).ok());
  const std::string config = directory_.read("config.json");
  write_bundle(2);
  directory_.write("config.json", config);

  const SelfTestResult result = run(WeightFile::Master);

  EXPECT_EQ(result.difference.find("picture "), 0U) << result.difference;
  EXPECT_NE(result.difference.find(" gives \""), std::string::npos) << result.difference;
  EXPECT_NE(result.difference.find("\" instead of \""), std::string::npos) << result.difference;
}

TEST_F(SelfTest, IsWrittenForWeightsThatHadNone) {
  write_bundle(2);
  EXPECT_TRUE(run(WeightFile::Master).is_absent) << "so that this test checks something";

  const auto written = write_self_test(directory_.path());

  ASSERT_TRUE(written.ok()) << written.error().message;
  for (const WeightFile file : {WeightFile::Master, WeightFile::Int8}) {
    EXPECT_FALSE(run(file).is_absent);
    EXPECT_EQ(run(file).difference, "");
  }
}

TEST_F(SelfTest, IsTheSameWhenWrittenAgain) {
  ASSERT_TRUE(write_self_test(directory_.path()).ok());
  const std::string config = directory_.read("config.json");
  ASSERT_TRUE(write_self_test(directory_.path()).ok());
  EXPECT_EQ(directory_.read("config.json"), config);
}

TEST_F(SelfTest, NeedsNoInt8Weights) {
  unlink(directory_.file("model-int8.safetensors").c_str());
  const auto written = write_self_test(directory_.path());
  ASSERT_TRUE(written.ok()) << written.error().message;
  for (const SelfTestPicture& picture : written.value())
    EXPECT_EQ(picture.tokens.count("int8"), 0U);
  EXPECT_EQ(run(WeightFile::Master).difference, "");
}

TEST_F(SelfTest, IsAbsentForAPrecisionThatIsNotStored) {
  ModelConfig config = open(WeightFile::Master)->config;
  for (SelfTestPicture& picture : config.self_test)
    picture.tokens.erase("int8");
  directory_.write("config.json", format_config(config));
  EXPECT_TRUE(run(WeightFile::Int8).is_absent);
  EXPECT_FALSE(run(WeightFile::Master).is_absent);
}

TEST_F(SelfTest, ComparesFp16WithTheSentencesOfFp32) {
  const auto bundle = open(WeightFile::Master);
  const auto network = make_torch_network(*bundle);
  const SelfTestResult result = run_self_test(*network, *bundle, Precision::Fp16);
  EXPECT_FALSE(result.is_absent);
  EXPECT_EQ(result.difference, "");
}

TEST_F(SelfTest, IsNotWrittenForABundleThatCannotBeOpened) {
  const auto missing = write_self_test(directory_.file("nowhere"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);

  directory_.write("model-int8.safetensors", "these are no weights");
  const auto damaged = write_self_test(directory_.path());
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().kind, ErrorKind::CorruptModel);
}

}  // namespace
}  // namespace jetsoncaption
