// SPDX-License-Identifier: LGPL-2.1-or-later
// What is left of a network makes up for channels that are gone, wherever it can.
#include "train/smaller_network.h"

#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <torch/torch.h>

#include "bundle/bundle.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/feature_store.h"
#include "train/importance.h"
#include "train/kept_entries.h"
#include "train/parameters.h"
#include "train/sequence.h"

namespace jetsoncaption {
namespace {

void no_progress(const std::string&, int, int) {}

class SmallerNetwork : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_tiny_tagged_bundle(directory_.path(), 1).ok());
    auto bundle = open_bundle(directory_.path(), WeightFile::Master);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    config_ = bundle.value().config;
    tag_words_ = bundle.value().tag_words;
    full_ = copy_tensors(fp32_tensors(bundle.value().weights));
    for (const Width& width : widths_of(config_)) {
      names_.push_back(width.name);
      kept_.emplace_back(static_cast<size_t>(width.size));
      std::iota(kept_.back().begin(), kept_.back().end(), 0);
    }
    torch::manual_seed(1);
    pictures_ =
        torch::randint(256, {24, 3, config_.input_height, config_.input_width}, torch::kUInt8);
  }

  // Makes the last channels copies of the first.
  void copy_channels(int64_t count, const std::vector<std::string>& tensors) {
    for (const std::string& name : tensors) {
      auto& tensor = full_.at(name);
      tensor.narrow(0, tensor.size(0) - count, count).copy_(tensor.narrow(0, 0, count).clone());
    }
  }

  void keep(const std::string& width, int channels) {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == width)
        kept_[i].resize(static_cast<size_t>(channels));
    }
  }

  NamedTensors make() {
    described_ = describe_pictures(pictures_, config_, full_, tag_words_, no_progress);
    return smaller_network(config_, full_, kept_, described_, no_progress);
  }

  ModelConfig smaller_config() const { return with_sizes(config_, sizes_of(kept_)); }

  static torch::Tensor words_of(const ModelConfig& config, const NamedTensors& tensors,
                                const DescribedPictures& said) {
    const torch::NoGradGuard no_gradients;
    const auto features = encode_pictures(Encoder(config.encoder, tensors), config, said.pictures);
    const Decoder decoder(config.decoder, tensors);
    return score_sentences(decoder, decoder.prepare(features, &said.cells), said.inputs,
                           said.targets, 0)
        .logits;
  }

  // The mean square of what is different, as a share of the variance.
  double difference(const NamedTensors& smaller) const {
    const auto before = words_of(config_, full_, described_);
    const auto after = words_of(smaller_config(), smaller, described_);
    return ((before - after).square().mean() / before.var()).item<double>();
  }

  TemporaryDirectory directory_;
  ModelConfig config_;
  std::vector<int> tag_words_;
  NamedTensors full_;
  std::vector<std::string> names_;
  KeptChannels kept_;
  torch::Tensor pictures_;
  DescribedPictures described_;
};

TEST_F(SmallerNetwork, IsTheFullOneWhereAllIsKept) {
  EXPECT_LT(difference(make()), 1e-8);
}

TEST_F(SmallerNetwork, HasTheShapesOfItsSizes) {
  for (auto& channels : kept_)
    channels.resize(channels.size() - 3);
  const NamedTensors smaller = make();
  const auto expected = expected_tensors(smaller_config(), 16, WeightFile::Master);
  ASSERT_EQ(smaller.size(), expected.size());
  for (const auto& [name, spec] : expected)
    EXPECT_EQ(smaller.at(name).sizes(), torch::IntArrayRef(spec.shape)) << name;
}

TEST_F(SmallerNetwork, ReplacesHiddenChannelsByTheirCopies) {
  const std::string block = "encoder.blocks.4.";
  copy_channels(8, {block + "expand.weight", block + "expand.bias", block + "depthwise.weight",
                    block + "depthwise.bias"});
  keep("blocks[4].hidden_channels", 16);
  EXPECT_LT(difference(make()), 1e-3);
}

TEST_F(SmallerNetwork, ReplacesFeaturesByTheirCopies) {
  copy_channels(8, {"encoder.head.weight", "encoder.head.bias"});
  keep("head.out_channels", 8);
  EXPECT_LT(difference(make()), 1e-3);
}

TEST_F(SmallerNetwork, ReplacesAttentionByItsCopies) {
  copy_channels(4, {"decoder.attention_feature.weight", "decoder.attention_state.weight",
                    "decoder.attention_state.bias"});
  keep("attention_size", 4);
  EXPECT_LT(difference(make()), 1e-3);
}

TEST_F(SmallerNetwork, IsNearerToTheFullOneThanOneThatIsOnlyCut) {
  keep("blocks[3].hidden_channels", 12);
  keep("head.out_channels", 12);
  keep("hidden_size", 6);
  const NamedTensors corrected = make();
  const KeptEntries entries(config_, full_, kept_);
  NamedTensors cut;
  for (const auto& [name, tensor] : full_)
    cut[name] = entries.cut(name, tensor);
  EXPECT_LT(difference(corrected), 0.7 * difference(cut));
}

TEST_F(SmallerNetwork, ChannelsThatNobodyReadsAreWorthNothing) {
  full_.at("encoder.blocks.4.project.weight").narrow(1, 6, 12).zero_();
  full_.at("decoder.attention_score.weight").narrow(1, 2, 3).zero_();
  make();
  const auto importance = channel_importance(config_, full_, described_, no_progress);
  for (size_t i = 0; i < names_.size(); ++i) {
    for (size_t c = 0; c < importance[i].size(); ++c) {
      const bool unread = (names_[i] == "blocks[4].hidden_channels" && c >= 6 && c < 18) ||
                          (names_[i] == "attention_size" && c >= 2 && c < 5);
      if (unread) {
        EXPECT_EQ(importance[i][c], 0) << names_[i] << " " << c;
      }
    }
    EXPECT_GT(std::accumulate(importance[i].begin(), importance[i].end(), 0.0), 0) << names_[i];
  }
}

}  // namespace
}  // namespace jetsoncaption
