// SPDX-License-Identifier: LGPL-2.1-or-later
// The encoder computes what the makers of the backbone computed, and the decoder treats every
// sentence as if it were alone.
#include "torch/network.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bundle/bundle.h"
#include "fakes/places.h"
#include "fakes/tiny_bundle.h"
#include "fakes/tiny_bundle_files.h"
#include "image/preprocess.h"
#include "torch/torch_runtime.h"
#include "torch/weights.h"
#include "train/parameters.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

// The reference values are written with five digits, and LibTorch's sums depend on the processor.
constexpr float kReferenceTolerance = 1e-3F;
// The order of fp32 sums differs with the number of rows.
constexpr float kRoundingTolerance = 1e-5F;

float largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<float>();
}

// The backbone with the reference values that lie beside it.
class BackboneTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string stem = data_directory() + "/backbones/mobilenet_v2_1.0_224_imagenet";
    std::ifstream description(stem + ".json");
    if (!description)
      GTEST_SKIP() << stem << ".json is missing; JETSONCAPTION_DATA may name its folder";
    reference_ = nlohmann::json::parse(description).at("reference");
    use_threads(1);
    const auto described = read_backbone_description(stem + ".safetensors", config_);
    ASSERT_TRUE(described.ok()) << described.error().message;
    config_.decoder = tiny_config().decoder;
    const auto parameters = initial_parameters(stem + ".safetensors", config_, 4);
    ASSERT_TRUE(parameters.ok()) << parameters.error().message;
    features_ = Encoder(config_.encoder, parameters.value()).forward(reference_input());
  }

  // The picture that the reference describes, normalised.
  torch::Tensor reference_input() const {
    const int width = config_.input_width;
    const int height = config_.input_height;
    std::vector<uint8_t> rgb;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (const int value : {x + y, 2 * x + y, x + 3 * y})
          rgb.push_back(static_cast<uint8_t>(value % 256));
      }
    }
    auto input = torch::empty({1, 3, height, width});
    normalize(rgb.data(), width * height, config_.input_mean, config_.input_scale,
              input.data_ptr<float>());
    return input;
  }

  static void expect_first_channels(const torch::Tensor& values, const nlohmann::json& expected) {
    ASSERT_EQ(expected.size(), 12U);
    for (size_t channel = 0; channel < expected.size(); ++channel) {
      EXPECT_NEAR(values[static_cast<int64_t>(channel)].item<float>(),
                  expected[channel].get<float>(), kReferenceTolerance)
          << "channel " << channel;
    }
  }

  ModelConfig config_;
  nlohmann::json reference_;
  torch::Tensor features_;  // [1, 49, 1280]
};

TEST_F(BackboneTest, HasTheMeanAndTheSpreadOfTheReference) {
  ASSERT_EQ(features_.sizes(), (std::vector<int64_t>{1, 49, 1280}));
  EXPECT_NEAR(features_.mean().item<float>(), reference_.at("output_mean").get<float>(),
              kReferenceTolerance);
  EXPECT_NEAR(features_.std().item<float>(), reference_.at("output_std").get<float>(),
              kReferenceTolerance);
}

TEST_F(BackboneTest, PutsTheCellsOfTheGridInRows) {
  const int64_t row_3_column_3 = 3 * config_.grid_width() + 3;
  expect_first_channels(features_[0][row_3_column_3],
                        reference_.at("output_first_channels_at_row3_col3"));
}

TEST_F(BackboneTest, HasTheChannelMeansOfTheReference) {
  expect_first_channels(features_[0].mean(0), reference_.at("channel_means_of_first_12"));
}

// The tiny network, with its tensors in the mapped file.
class TinyNetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    bundle_ = files_.open(WeightFile::Master);
    ASSERT_NE(bundle_, nullptr);
    use_threads(1);
    tensors_ = fp32_tensors(bundle_->weights);
    torch::manual_seed(1);
  }

  Encoder encoder() const { return {bundle_->config.encoder, tensors_}; }
  Decoder decoder() const { return {bundle_->config.decoder, tensors_}; }
  // Normalised pictures of noise.
  torch::Tensor pictures(int64_t count) const {
    return torch::rand({count, 3, bundle_->config.input_height, bundle_->config.input_width}) * 2 -
           1;
  }

  const TinyBundleFiles files_;
  std::unique_ptr<Bundle> bundle_;
  NamedTensors tensors_;
};

TEST_F(TinyNetworkTest, EncodesPicturesTogetherAsOneByOne) {
  const auto both = pictures(2);
  const auto together = encoder().forward(both);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_LT(largest_difference(together[i], encoder().forward(both.narrow(0, i, 1))[0]),
              kRoundingTolerance);
  }
}

TEST_F(TinyNetworkTest, ShowsTheObserverEveryLayerOfTheBundleOnce) {
  std::map<std::string, int> seen;
  encoder().forward(pictures(1),
                    [&](const std::string& layer, const torch::Tensor&) { ++seen[layer]; });

  std::map<std::string, int> expected;
  for (const auto& [name, tensor] : tensors_) {
    const size_t end = name.rfind(".weight");
    if (name.compare(0, 8, "encoder.") == 0 && end != std::string::npos)
      expected[name.substr(0, end)] = 1;
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(TinyNetworkTest, KeepsActivationsBetweenZeroAndSixExceptAfterProjections) {
  encoder().forward(pictures(1), [](const std::string& layer, const torch::Tensor& output) {
    const bool projection = layer.find(".project") != std::string::npos;
    EXPECT_EQ(output.min().item<float>() < 0, projection) << layer;
    if (!projection) {
      EXPECT_LE(output.max().item<float>(), 6) << layer;
    }
  });
}

TEST_F(TinyNetworkTest, SpreadsItsAttentionOverTheWholePicture) {
  const auto picture = decoder().prepare(encoder().forward(pictures(2)));
  const auto hidden = decoder().initial_hidden(picture).unsqueeze(1);
  const auto words = decoder().embed(torch::full({2, 1}, 4, torch::kInt64));

  const auto step = decoder().advance(picture, words, hidden);
  EXPECT_EQ(step.attention.sizes(), (std::vector<int64_t>{2, 1, 4}));
  EXPECT_GE(step.attention.min().item<float>(), 0);
  EXPECT_LT(largest_difference(step.attention.sum(-1), torch::ones({2, 1})), kRoundingTolerance);
}

TEST_F(TinyNetworkTest, DecodesSentencesOfSeveralPicturesAsOneByOne) {
  const auto encoded = encoder().forward(pictures(2));
  const auto words = torch::tensor({4, 5, 6, 7, 8, 9}, torch::kInt64).view({2, 3});
  const auto run = [&](const torch::Tensor& cells, const torch::Tensor& ids) {
    const auto picture = decoder().prepare(cells);
    const auto hidden =
        decoder().initial_hidden(picture).unsqueeze(1).expand({-1, ids.size(1), -1});
    const auto vectors = decoder().embed(ids);
    const auto step = decoder().advance(picture, vectors, hidden);
    return decoder().logits(step.hidden, step.context, vectors);
  };

  const auto together = run(encoded, words);
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t k = 0; k < 3; ++k) {
      const auto alone = run(encoded.narrow(0, b, 1), words.narrow(0, b, 1).narrow(1, k, 1));
      EXPECT_LT(largest_difference(together[b][k], alone[0][0]), kRoundingTolerance);
    }
  }
}

}  // namespace
}  // namespace jetsoncaption
