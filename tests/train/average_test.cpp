// SPDX-License-Identifier: LGPL-2.1-or-later
// The mean of bundles has the mean of each weight, and only runs of the same model have one.
#include "train/average.h"

#include <string>
#include <vector>

#include <torch/torch.h>

#include "bundle/bundle.h"
#include "bundle/config.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/special_tokens.h"
#include "train/trained_bundle.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

class Average : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      const auto written = write_tiny_bundle(runs_[i].path(), static_cast<unsigned>(i) + 1);
      ASSERT_TRUE(written.ok()) << written.error().message;
    }
  }

  Result<void> average() const {
    return average_bundles({runs_[0].path(), runs_[1].path()}, output());
  }
  std::string output() const { return place_.path() + "/mean"; }

  static NamedTensors weights_of(const std::string& directory) {
    const auto bundle = open_bundle(directory, WeightFile::Master);
    EXPECT_TRUE(bundle.ok()) << bundle.error().message;
    NamedTensors copies;
    for (const auto& [name, tensor] : fp32_tensors(bundle.value().weights))
      copies[name] = tensor.clone();
    return copies;
  }

  TemporaryDirectory runs_[2];
  TemporaryDirectory place_;
};

TEST_F(Average, HasTheMeanOfEachWeight) {
  const auto averaged = average();
  ASSERT_TRUE(averaged.ok()) << averaged.error().message;
  const NamedTensors first = weights_of(runs_[0].path());
  const NamedTensors second = weights_of(runs_[1].path());
  const NamedTensors mean = weights_of(output());
  ASSERT_EQ(mean.size(), first.size());
  for (const auto& [name, tensor] : mean)
    EXPECT_TRUE(torch::allclose(tensor, (first.at(name) + second.at(name)) / 2)) << name;
}

TEST_F(Average, OfEqualRunsIsTheRun) {
  ASSERT_TRUE(average_bundles({runs_[0].path(), runs_[0].path(), runs_[0].path()}, output()).ok());
  const NamedTensors run = weights_of(runs_[0].path());
  for (const auto& [name, tensor] : weights_of(output()))
    EXPECT_TRUE(torch::equal(tensor, run.at(name))) << name;
}

// A reward stage makes the special tokens silent; the runs beside it may have ended without one.
TEST_F(Average, IsSilentWhereOneOfTheRunsIs) {
  const auto run = open_bundle(runs_[0].path(), WeightFile::Master);
  ASSERT_TRUE(run.ok()) << run.error().message;
  NamedTensors weights = weights_of(runs_[0].path());
  silence_special_tokens(weights);
  const Bundle& bundle = run.value();
  ASSERT_TRUE(
      write_bundle(runs_[0].path(), bundle.config, bundle.vocabulary, bundle.tag_words, weights)
          .ok());
  ASSERT_TRUE(average().ok());
  const auto words = weights_of(output()).at("decoder.word.bias");
  for (const int token : {TokenIds().padding, TokenIds().start, TokenIds().unknown})
    EXPECT_EQ(words[token].item<float>(), -1e4F);
  EXPECT_GT(words[TokenIds().end].item<float>(), -100);
}

TEST_F(Average, ClaimsNothingThatWasMeasuredOrMadeOfOtherWeights) {
  ASSERT_TRUE(average().ok());
  const auto bundle = open_bundle(output(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  EXPECT_THAT(bundle.value().config.precisions, testing::ElementsAre("fp32"));
  EXPECT_TRUE(bundle.value().config.self_test.empty());
  EXPECT_EQ(bundle.value().config.quality_json, "{}");
  EXPECT_FALSE(has_weight_file(output(), WeightFile::Int8));
}

TEST_F(Average, LeavesNoInt8WeightsOfAModelThatWasThere) {
  ASSERT_TRUE(write_tiny_bundle(output(), 3).ok());
  ASSERT_TRUE(has_weight_file(output(), WeightFile::Int8));
  ASSERT_TRUE(average().ok());
  EXPECT_FALSE(has_weight_file(output(), WeightFile::Int8));
}

TEST_F(Average, IsRefusedWhereWordsDiffer) {
  std::string words = runs_[1].read("vocabulary.txt");
  words.replace(words.find_last_of('\n', words.size() - 2) + 1, 1, "qq");
  runs_[1].write("vocabulary.txt", words);
  const auto averaged = average();
  ASSERT_FALSE(averaged.ok());
  EXPECT_THAT(averaged.error().message, HasSubstr(runs_[1].path() + " cannot be averaged with"));
  EXPECT_THAT(averaged.error().message, HasSubstr("its vocabulary differs"));
}

TEST_F(Average, NeedsTwoModelsAndAFolderOfItsOwn) {
  EXPECT_FALSE(average_bundles({runs_[0].path()}, output()).ok());
  const std::string before = runs_[0].read("config.json");
  const auto averaged = average_bundles({runs_[0].path(), runs_[1].path()}, runs_[0].path() + "/.");
  ASSERT_FALSE(averaged.ok());
  EXPECT_THAT(averaged.error().message, HasSubstr("is one of the models"));
  EXPECT_EQ(runs_[0].read("config.json"), before);
}

}  // namespace
}  // namespace jetsoncaption
