// SPDX-License-Identifier: LGPL-2.1-or-later
// int8 weights are made from the master weights and a few pictures, fp16 weights from the master
// weights alone, or the bundle stays as it is.
#include "train/quantize.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "bundle/bundle.h"
#include "colours.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

void no_progress(const std::string&, int, int) {}

// A tiny bundle without int8 weights.
class QuantizeTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(directory_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
    unlink(directory_.file("model-int8.safetensors").c_str());
    ModelConfig config = tiny_config();
    config.precisions = {"fp32"};
    directory_.write("config.json", format_config(config));
  }

  Result<void> quantize(const std::vector<std::string>& pictures) const {
    return quantize_bundle(directory_.path(), pictures, read_colour, no_progress);
  }

  TemporaryDirectory directory_;
};

TEST_F(QuantizeTest, AddsInt8WeightsAndSaysSoInTheConfig) {
  const auto quantized = quantize({"red.png", "green.png"});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  const auto bundle = open_bundle(directory_.path(), WeightFile::Int8);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  EXPECT_THAT(bundle.value().config.precisions, testing::ElementsAre("fp32", "int8"));
}

TEST_F(QuantizeTest, GivesTheSameFilesEachTime) {
  ASSERT_TRUE(quantize({"red.png", "green.png"}).ok());
  const std::string weights = directory_.read("model-int8.safetensors");
  const std::string config = directory_.read("config.json");
  ASSERT_TRUE(quantize({"red.png", "green.png"}).ok());
  EXPECT_EQ(directory_.read("model-int8.safetensors"), weights);
  EXPECT_EQ(directory_.read("config.json"), config) << "int8 must not be listed twice";
}

TEST_F(QuantizeTest, RoundsWeightsByHalfAStepExceptThoseItCutsOff) {
  ASSERT_TRUE(quantize({"red.png"}).ok());
  const auto master = open_bundle(directory_.path(), WeightFile::Master);
  const auto int8 = open_bundle(directory_.path(), WeightFile::Int8);
  ASSERT_TRUE(master.ok() && int8.ok());
  for (const auto& [name, view] : int8.value().weights.tensors()) {
    if (view.type != DataType::I8)
      continue;
    const auto* original = static_cast<const float*>(master.value().weights.find(name)->data);
    const auto* rounded = static_cast<const int8_t*>(view.data);
    const auto* scales =
        static_cast<const float*>(int8.value().weights.find(name + "_scale")->data);
    const int64_t columns = view.elements() / view.shape[0];
    for (int64_t i = 0; i < view.elements(); ++i) {
      const float scale = scales[i / columns];
      if (std::abs(rounded[i]) < 127) {
        EXPECT_NEAR(static_cast<float>(rounded[i]) * scale, original[i], 0.501F * scale)
            << name << " " << i;
      } else {
        EXPECT_GE(std::fabs(original[i]), 126.4F * scale) << name << " " << i;
      }
    }
  }
}

TEST_F(QuantizeTest, CountsThePicturesAsItGoes) {
  std::vector<int> counts;
  const auto quantized = quantize_bundle(directory_.path(), {"red.png", "white.png"}, read_colour,
                                         [&](const std::string&, int done, int total) {
                                           EXPECT_EQ(total, 2);
                                           counts.push_back(done);
                                         });
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  EXPECT_THAT(counts, testing::ElementsAre(1, 2));
}

TEST_F(QuantizeTest, NeedsAPicture) {
  const auto quantized = quantize({});
  ASSERT_FALSE(quantized.ok());
  EXPECT_EQ(quantized.error().kind, ErrorKind::InvalidArgument);
}

TEST_F(QuantizeTest, LeavesTheBundleAsItIsWhenAPictureCannotBeRead) {
  const std::string config = directory_.read("config.json");
  const auto quantized = quantize({"red.png", "nothing.png"});
  ASSERT_FALSE(quantized.ok());
  EXPECT_THAT(quantized.error().message, HasSubstr("nothing.png"));
  EXPECT_EQ(directory_.read("config.json"), config);
  EXPECT_FALSE(has_weight_file(directory_.path(), WeightFile::Int8));
}

TEST_F(QuantizeTest, HalvesTheMasterWeightsAndSaysSoInTheConfig) {
  ASSERT_TRUE(quantize({"red.png"}).ok());
  const auto halved = halve_bundle(directory_.path());
  ASSERT_TRUE(halved.ok()) << halved.error().message;
  const auto bundle = open_bundle(directory_.path(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  EXPECT_THAT(bundle.value().config.precisions, testing::ElementsAre("fp16", "int8"));
  for (const auto& [name, view] : bundle.value().weights.tensors()) {
    const bool is_weight = name.find(".weight") != std::string::npos;
    EXPECT_EQ(view.type, is_weight ? DataType::F16 : DataType::F32) << name;
  }
}

TEST_F(QuantizeTest, RoundsToTheNearestFp16) {
  const auto before = open_bundle(directory_.path(), WeightFile::Master);
  ASSERT_TRUE(before.ok());
  const NamedTensors original = fp32_tensors(before.value().weights);
  ASSERT_TRUE(halve_bundle(directory_.path()).ok());
  const auto after = open_bundle(directory_.path(), WeightFile::Master);
  ASSERT_TRUE(after.ok()) << after.error().message;
  for (const auto& [name, rounded] : fp32_tensors(after.value().weights)) {
    // Half a step: 2^-11 of the number, or 2^-25 where it is too small for all 11 bits.
    const auto allowed =
        (original.at(name).abs() * std::ldexp(1.0, -11)).clamp_min(std::ldexp(1.0, -25));
    EXPECT_TRUE(((rounded - original.at(name)).abs() <= allowed).all().item<bool>()) << name;
  }
}

TEST_F(QuantizeTest, LeavesHalvedWeightsAsTheyAre) {
  ASSERT_TRUE(halve_bundle(directory_.path()).ok());
  const std::string weights = directory_.read("model.safetensors");
  const std::string config = directory_.read("config.json");
  ASSERT_TRUE(halve_bundle(directory_.path()).ok());
  EXPECT_EQ(directory_.read("model.safetensors"), weights);
  EXPECT_EQ(directory_.read("config.json"), config);
}

TEST_F(QuantizeTest, MakesInt8OfHalvedWeightsToo) {
  ASSERT_TRUE(halve_bundle(directory_.path()).ok());
  const auto quantized = quantize({"red.png"});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  const auto bundle = open_bundle(directory_.path(), WeightFile::Int8);
  EXPECT_TRUE(bundle.ok()) << bundle.error().message;
}

TEST_F(QuantizeTest, DoesNotHalveWhatFp16CannotHold) {
  const std::string path = directory_.file("model.safetensors");
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());
  auto tensors = file.value().tensors();
  TensorView& view = tensors.at("decoder.gate.weight");
  std::vector<float> values(static_cast<size_t>(view.elements()), 65520);
  view.data = values.data();
  ASSERT_TRUE(write_safetensors(path, tensors, {}).ok());
  const std::string before = directory_.read("model.safetensors");

  const auto halved = halve_bundle(directory_.path());
  ASSERT_FALSE(halved.ok());
  EXPECT_EQ(halved.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(halved.error().message, HasSubstr("decoder.gate.weight"));
  EXPECT_EQ(directory_.read("model.safetensors"), before);
}

TEST_F(QuantizeTest, RefusesADirectoryWithoutMasterWeights) {
  unlink(directory_.file("model.safetensors").c_str());
  const auto quantized = quantize({"red.png"});
  ASSERT_FALSE(quantized.ok());
  EXPECT_EQ(quantized.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(quantized.error().message, HasSubstr("model.safetensors"));
}

}  // namespace
}  // namespace jetsoncaption
