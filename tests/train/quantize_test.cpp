// SPDX-License-Identifier: LGPL-2.1-or-later
// int8 weights are made from the master weights and a few pictures, or the bundle stays as it is.
#include "train/quantize.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "colours.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "model/bundle.h"

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

TEST_F(QuantizeTest, RefusesADirectoryWithoutMasterWeights) {
  unlink(directory_.file("model.safetensors").c_str());
  const auto quantized = quantize({"red.png"});
  ASSERT_FALSE(quantized.ok());
  EXPECT_EQ(quantized.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(quantized.error().message, HasSubstr("model.safetensors"));
}

}  // namespace
}  // namespace jetsoncaption
