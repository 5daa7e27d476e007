// SPDX-License-Identifier: LGPL-2.1-or-later
// A smaller model is made that does what the full one did as well as it can, or nothing is.
#include "train/prune.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "bundle/bundle.h"
#include "caption_colours.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/feature_store.h"
#include "train/parameters.h"
#include "train/quantize.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::HasSubstr;

void no_progress(const std::string&, int, int) {}

class PruneTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    write_model(false);
    options_.model = model_.path();
    options_.output = output_.path();
    options_.work = work_.path();
    for (const Colour& colour : colours())
      options_.pictures.push_back(std::string(colour.name) + ".png");
    options_.rounds = 2;
    options_.multiple = 4;
    options_.threads = 1;
  }

  void write_model(bool tagged) const {
    const auto written = (tagged ? write_tiny_tagged_bundle : write_tiny_bundle)(model_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // Changes weights of the model.
  void change(const std::function<void(NamedTensors&)>& how) const {
    const auto bundle = open_bundle(model_.path(), WeightFile::Master);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    NamedTensors tensors = copy_tensors(fp32_tensors(bundle.value().weights));
    how(tensors);
    ASSERT_TRUE(save_tensors(model_.file("model.safetensors"), tensors).ok());
  }

  Result<PruneResult> prune() {
    PruneReports reports;
    reports.progress = no_progress;
    reports.notice = [this](const std::string& sentence) {
      notices_.push_back(sentence);
      if (static_cast<int>(notices_.size()) == stop_after_)
        throw std::runtime_error("the power failed");
    };
    return prune_bundle(options_, read_colour, reports);
  }

  static NamedTensors weights_of(const std::string& directory) {
    const auto bundle = open_bundle(directory, WeightFile::Master);
    EXPECT_TRUE(bundle.ok()) << bundle.error().message;
    return copy_tensors(fp32_tensors(bundle.value().weights));
  }

  void expect_refusal(const testing::Matcher<std::string>& message, ErrorKind kind) {
    const auto pruned = prune();
    ASSERT_FALSE(pruned.ok());
    EXPECT_THAT(pruned.error().message, message);
    EXPECT_EQ(pruned.error().kind, kind);
    EXPECT_EQ(output_.read("config.json"), "") << "nothing is written";
  }

  TemporaryDirectory model_;
  TemporaryDirectory output_;
  TemporaryDirectory work_;
  PruneOptions options_;
  std::vector<std::string> notices_;
  int stop_after_ = -1;  // notices
};

TEST_P(PruneTest, ReachesItsTargetsWithAModelThatCaptions) {
  write_model(GetParam());
  options_.macs = {0.6, true};
  options_.bytes = {0.9, true};
  options_.name = "tinier";
  const auto pruned = prune();
  ASSERT_TRUE(pruned.ok()) << pruned.error().message;
  const PruneResult& result = pruned.value();
  EXPECT_LE(static_cast<double>(result.after.model.caption_macs()),
            0.6 * static_cast<double>(result.before.model.caption_macs()));
  EXPECT_LE(static_cast<double>(result.after.bytes),
            0.9 * static_cast<double>(result.before.bytes));
  EXPECT_FALSE(result.changed.empty());

  const auto bundle = open_bundle(output_.path(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  const ModelCost cost = cost_of(bundle.value().config, bundle.value().vocabulary.size());
  EXPECT_EQ(cost.caption_macs(), result.after.model.caption_macs());
  EXPECT_EQ(bundle.value().config.name, "tinier");
  EXPECT_THAT(bundle.value().config.precisions, testing::ElementsAre("fp32"));
  EXPECT_EQ(caption_colours(output_.path(), Precision::Fp32).size(), colours().size());

  ASSERT_TRUE(quantize_bundle(output_.path(), options_.pictures, read_colour, no_progress).ok());
  EXPECT_EQ(caption_colours(output_.path(), Precision::Int8).size(), colours().size());
}

INSTANTIATE_TEST_SUITE_P(WithoutAndWithTags, PruneTest, testing::Bool());

using Prune = PruneTest;

TEST_F(Prune, LeavesTheModelItselfAsItIs) {
  const std::string weights = model_.read("model.safetensors");
  const std::string config = model_.read("config.json");
  options_.macs = {0.7, true};
  ASSERT_TRUE(prune().ok());
  EXPECT_EQ(model_.read("model.safetensors"), weights);
  EXPECT_EQ(model_.read("config.json"), config);
}

TEST_F(Prune, TakesNothingFromAModelThatIsSmallEnough) {
  options_.macs = {1, true};
  options_.bytes = {1e9, false};
  const auto pruned = prune();
  ASSERT_TRUE(pruned.ok()) << pruned.error().message;
  EXPECT_TRUE(pruned.value().changed.empty());
  const NamedTensors before = weights_of(model_.path());
  const NamedTensors after = weights_of(output_.path());
  for (const auto& [name, tensor] : before)
    EXPECT_TRUE(tensor.equal(after.at(name))) << name;
  EXPECT_EQ(output_.read("vocabulary.txt"), model_.read("vocabulary.txt"));
}

TEST_F(Prune, TakesChannelsFirstThatDoNothingAndNothingChanges) {
  // Eight channels of a block that nobody reads, and four of the head that are always 0.
  change([](NamedTensors& tensors) {
    tensors.at("encoder.blocks.4.project.weight").narrow(1, 6, 8).zero_();
    tensors.at("encoder.head.weight").narrow(0, 3, 4).zero_();
    tensors.at("encoder.head.bias").narrow(0, 3, 4).zero_();
  });
  const auto bundle = open_bundle(model_.path(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok());
  const ModelConfig config = bundle.value().config;
  ModelConfig wanted = config;
  wanted.encoder.blocks[4].hidden_channels -= 8;
  wanted.encoder.head_channels -= 4;
  options_.macs.amount =
      static_cast<double>(cost_of(wanted, bundle.value().vocabulary.size()).caption_macs());
  options_.rounds = 1;
  const auto pruned = prune();
  ASSERT_TRUE(pruned.ok()) << pruned.error().message;

  const auto smaller = open_bundle(output_.path(), WeightFile::Master);
  ASSERT_TRUE(smaller.ok()) << smaller.error().message;
  EXPECT_EQ(smaller.value().config.encoder.head_channels, wanted.encoder.head_channels);
  EXPECT_EQ(smaller.value().config.encoder.blocks[4].hidden_channels,
            wanted.encoder.blocks[4].hidden_channels);
  const NamedTensors before = fp32_tensors(bundle.value().weights);
  const NamedTensors after = fp32_tensors(smaller.value().weights);
  torch::manual_seed(3);
  const auto pictures =
      torch::randint(256, {4, 3, config.input_height, config.input_width}, torch::kUInt8);
  const auto projected = [&](const ModelConfig& of, const NamedTensors& tensors) {
    return torch::linear(encode_pictures(Encoder(of.encoder, tensors), of, pictures),
                         tensors.at("decoder.feature.weight"), tensors.at("decoder.feature.bias"));
  };
  // Sums of floats in another order.
  EXPECT_LT((projected(config, before) - projected(smaller.value().config, after))
                .abs()
                .max()
                .item<float>(),
            1e-4F);
  EXPECT_EQ(caption_colours(output_.path(), Precision::Fp32),
            caption_colours(model_.path(), Precision::Fp32));
}

TEST_F(Prune, GivesTheSameModelAfterAnInterruption) {
  options_.macs = {0.6, true};
  ASSERT_TRUE(prune().ok());
  const std::string weights = output_.read("model.safetensors");
  const TemporaryDirectory other_work;
  const TemporaryDirectory other_output;
  options_.work = other_work.path();
  options_.output = other_output.path();
  stop_after_ = 1;
  notices_.clear();
  try {
    ASSERT_FALSE(prune().ok());
  } catch (const std::runtime_error&) {  // the power failed
  }
  // The first round was told of but not kept; the second time it is kept.
  stop_after_ = 2;
  notices_.clear();
  options_.resume = true;
  try {
    ASSERT_FALSE(prune().ok());
  } catch (const std::runtime_error&) {  // once more
  }
  ASSERT_NE(other_work.read("checkpoint-prune.json"), "");
  stop_after_ = -1;
  notices_.clear();
  ASSERT_TRUE(prune().ok());
  EXPECT_EQ(notices_.size(), 1U) << "one round was left to do";
  EXPECT_EQ(other_output.read("model.safetensors"), weights);
}

TEST_F(Prune, DoesNotGoOnWithAnotherRun) {
  options_.macs = {0.6, true};
  ASSERT_TRUE(prune().ok());
  const TemporaryDirectory other_output;
  options_.output = other_output.path();
  const auto again = prune();
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("checkpoints of an earlier run"));
  options_.resume = true;
  options_.macs = {0.7, true};
  const auto other = prune();
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, HasSubstr("--target-macs was 0.600000 of it and is 0.7"));
}

TEST_F(Prune, RefusesACheckpointThatFitsNoModel) {
  options_.macs = {0.6, true};
  ASSERT_TRUE(prune().ok());
  options_.resume = true;
  for (const char* kept : {"[[0]]", "7", "[[5,1]]"}) {
    work_.write("checkpoint-prune.json", std::string(R"({"rounds": 1, "kept": )") + kept + "}");
    const auto pruned = prune();
    ASSERT_FALSE(pruned.ok());
    EXPECT_EQ(pruned.error().kind, ErrorKind::CorruptModel);
    EXPECT_THAT(pruned.error().message,
                AllOf(HasSubstr("checkpoint-prune.json"), HasSubstr("begin anew")));
  }
}

TEST_F(Prune, NeedsATarget) {
  expect_refusal(AllOf(HasSubstr("--target-macs"), HasSubstr("--target-size")),
                 ErrorKind::InvalidArgument);
}

TEST_F(Prune, NeedsAPicture) {
  options_.macs = {0.6, true};
  options_.pictures.clear();
  expect_refusal(HasSubstr("No picture"), ErrorKind::InvalidArgument);
}

TEST_F(Prune, NamesTheSmallestModelWhereTheTargetIsSmaller) {
  options_.macs = {1000, false};
  expect_refusal(AllOf(HasSubstr("--target-macs 0.00 million cannot be reached"),
                       HasSubstr("million multiply-adds; choose at least that")),
                 ErrorKind::InvalidArgument);
}

TEST_F(Prune, NamesTheSmallestBundleWhereTheTargetIsSmaller) {
  options_.bytes = {20000, false};
  expect_refusal(AllOf(HasSubstr("--target-size 20000 cannot be reached"),
                       HasSubstr("bytes; choose at least that")),
                 ErrorKind::InvalidArgument);
  options_.bytes = {100, false};
  expect_refusal(AllOf(HasSubstr("--target-size 100"), HasSubstr("choose more")),
                 ErrorKind::InvalidArgument);
}

TEST_F(Prune, DoesNotOverwriteTheModel) {
  options_.macs = {0.6, true};
  options_.output = options_.model + "/";
  expect_refusal(HasSubstr("would be overwritten"), ErrorKind::InvalidArgument);
}

TEST_F(Prune, NamesAPictureThatCannotBeRead) {
  options_.macs = {0.6, true};
  options_.pictures.emplace_back("nothing.png");
  expect_refusal(HasSubstr("nothing.png"), ErrorKind::NotFound);
}

TEST_F(Prune, NeedsMasterWeights) {
  unlink(model_.file("model.safetensors").c_str());
  options_.macs = {0.6, true};
  expect_refusal(HasSubstr("model.safetensors"), ErrorKind::NotFound);
}

}  // namespace
}  // namespace jetsoncaption
