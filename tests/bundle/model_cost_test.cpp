// SPDX-License-Identifier: LGPL-2.1-or-later
// What a bundle asks for is known and limited before any of it is computed or allocated.
#include "bundle/model_cost.h"

#include <fstream>
#include <iterator>
#include <string>

#include "fakes/tiny_bundle.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kWords = 16;
constexpr int64_t kHalfSide = 512;  // of the largest input, behind the stem

// The tiny configuration with the largest input, and so many channels from the stem to the first
// block.
ModelConfig wide_config(int channels) {
  ModelConfig config = tiny_config();
  config.input_width = config.input_height = 2 * kHalfSide;
  config.encoder.stem_channels = channels;
  config.encoder.blocks[0].in_channels = channels;
  config.encoder.blocks[0].hidden_channels = channels;
  return config;
}

// The message with which a configuration is refused; "" when it is not.
std::string refusal(const ModelConfig& config, int words = kWords) {
  const auto checked = check_cost(config, words, "m/config.json");
  if (checked.ok())
    return "";
  EXPECT_EQ(checked.error().kind, ErrorKind::CorruptModel);
  return checked.error().message;
}

TEST(ModelCost, OfOurModelsIsFarBelowTheLimits) {
  for (const std::string name : {"lite0-gru-everyday", "mobilenet-gru-flickr8k"}) {
    std::ifstream file(JETSONCAPTION_SOURCE_ROOT "/models/" + name + "/config.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto config = parse_config(text, name);
    ASSERT_TRUE(config.ok()) << config.error().message;
    const ModelCost cost = cost_of(config.value(), 4000);
    EXPECT_LT(cost.picture_macs, kMostPictureMacs / 40) << name;
    EXPECT_LT(cost.word_macs, kMostWordMacs / 20) << name;
    EXPECT_LT(activation_bytes(config.value(), 4000), kMostActivationBytes / 20) << name;
    EXPECT_EQ(refusal(config.value(), 4000), "");
  }
}

TEST(ModelCost, OfActivationsIsWhatTheWidestBlockReadsAndMakes) {
  const int channels = 256;
  const ModelConfig config = wide_config(channels);
  const BlockConfig& block = config.encoder.blocks[0];
  const int64_t places = kHalfSide * kHalfSide;
  const int64_t copies = block.stride == 2 ? 1 : 0;
  const int64_t next_places = block.stride == 2 ? places / 4 : places;
  const int64_t out_bytes = 32;  // 8 channels, of fp32 or padded to 32 of int8
  EXPECT_EQ(activation_bytes(config, kWords),
            4 * channels * (1 + copies) * places + (4 * channels + out_bytes) * next_places);
}

TEST(ModelCost, RefusesMoreMultiplyAddsThanAPictureMayTake) {
  const std::string message = refusal(wide_config(4096));
  EXPECT_THAT(message, StartsWith("m/config.json asks for "));
  EXPECT_THAT(message, HasSubstr(" G multiply-adds for each picture; at most 20.0 G are allowed"));
}

TEST(ModelCost, RefusesMoreMultiplyAddsThanAWordMayTake) {
  ModelConfig config = tiny_config();
  config.decoder.embedding_size = 4096;
  EXPECT_THAT(refusal(config, 1000000), HasSubstr("multiply-adds for each word; at most 200 M"));
}

TEST(ModelCost, RefusesMoreMemoryThanAPictureMayTake) {
  EXPECT_THAT(refusal(wide_config(512)),
              HasSubstr("MB of memory for each picture; at most 1024 MB"));
}

// At the smallest input a block computes once for each picture.
TEST(ModelCost, RefusesMoreWeightsThanAModelMayHave) {
  ModelConfig config = tiny_config();
  config.input_width = config.input_height = 32;
  BlockConfig block;
  block.in_channels = config.encoder.blocks.back().out_channels;
  block.hidden_channels = block.out_channels = 4096;
  for (int i = 0; i < 12; ++i) {
    config.encoder.blocks.push_back(block);
    block.in_channels = 4096;
    block.hidden_channels = 4095;
  }
  EXPECT_THAT(refusal(config), HasSubstr(" M weights; at most 268 M are allowed"));
}

}  // namespace
}  // namespace jetsoncaption
