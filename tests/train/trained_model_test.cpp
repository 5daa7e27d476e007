// SPDX-License-Identifier: LGPL-2.1-or-later
// A training from end to end leaves a model that has learned, and an account of how it did.
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle.h"
#include "caption_colours.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/quantize.h"
#include "train/trained_bundle.h"
#include "workshop.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

// Trained once for all tests that look at the result.
class TrainedTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    workshop_ = new Workshop;
    log_ = new Log(train_all(workshop_->options()));
  }
  static void TearDownTestSuite() {
    delete log_;
    delete workshop_;
  }
  static const std::string& bundle() { return workshop_->output_.path(); }

  static Workshop* workshop_;
  static Log* log_;
};

Workshop* TrainedTest::workshop_ = nullptr;
Log* TrainedTest::log_ = nullptr;

TEST_F(TrainedTest, GoesThroughTheStagesInOrder) {
  const TrainOptions options = workshop_->options();
  std::vector<std::pair<std::string, int>> expected;
  for (int epoch = 1; epoch <= options.decoder.epochs; ++epoch)
    expected.emplace_back("decoder", epoch);
  for (int epoch = 1; epoch <= options.joint.epochs; ++epoch)
    expected.emplace_back("joint", epoch);
  for (int epoch = 1; epoch <= options.reward.epochs; ++epoch)
    expected.emplace_back("reward", epoch);

  std::vector<std::pair<std::string, int>> stages;
  for (const auto& entry : *log_)
    stages.emplace_back(entry.at("stage"), entry.at("epoch"));
  EXPECT_EQ(stages, expected);
}

TEST_F(TrainedTest, LowersTheLossOfTheDecoder) {
  ASSERT_FALSE(log_->empty());
  const auto last = static_cast<size_t>(workshop_->options().decoder.epochs - 1);
  EXPECT_LT(log_->at(last).at("loss").get<double>(), 0.2 * log_->at(0).at("loss").get<double>());
}

TEST_F(TrainedTest, KeepsALogOfItsEpochs) {
  EXPECT_EQ(workshop_->written_log(), *log_);
}

TEST_F(TrainedTest, WritesABundleWithTheWordsAndTheTerms) {
  const auto opened = open_bundle(bundle(), WeightFile::Master);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const ModelConfig& config = opened.value().config;
  EXPECT_EQ(config.name, "colours");
  EXPECT_EQ(config.licence, "CC0-1.0");
  EXPECT_EQ(config.training_data, "made up");
  EXPECT_EQ(config.decoder.hidden_size, 32);
  for (const Colour& colour : colours())
    EXPECT_GE(opened.value().vocabulary.find(colour.name), 4);
}

TEST_F(TrainedTest, CaptionsWhatItHasLearned) {
  std::vector<std::string> expected;
  for (const Colour& colour : colours())
    expected.push_back(std::string("a ") + colour.name + " square");
  EXPECT_EQ(caption_colours(bundle(), Precision::Fp32), expected);
}

TEST_F(TrainedTest, CaptionsAlmostAllPicturesAlikeInInt8) {
  std::vector<std::string> paths;
  for (const Colour& colour : colours())
    paths.push_back(std::string("pictures/") + colour.name + ".png");
  const auto quantized = quantize_bundle(bundle(), paths, read_colour, no_progress);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;

  const auto opened = open_bundle(bundle(), WeightFile::Int8);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_THAT(opened.value().config.precisions, testing::ElementsAre("fp32", "int8"));

  const auto fp32 = caption_colours(bundle(), Precision::Fp32);
  const auto int8 = caption_colours(bundle(), Precision::Int8);
  size_t alike = 0;
  for (size_t i = 0; i < fp32.size(); ++i)
    alike += fp32[i] == int8[i] ? 1 : 0;
  EXPECT_GE(alike, fp32.size() - 1) << testing::PrintToString(int8);
}

TEST(WriteBundle, RefusesWhatNothingCouldOpen) {
  const TemporaryDirectory tiny;
  ASSERT_TRUE(write_tiny_bundle(tiny.path(), 1).ok());
  const auto bundle = open_bundle(tiny.path(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok());
  const auto write = [&](const TemporaryDirectory& directory, const std::string& name) {
    ModelConfig config = config_of_new_weights(bundle.value().config);
    config.name = name;
    return write_bundle(directory.path(), config, bundle.value().vocabulary,
                        bundle.value().tag_words, fp32_tensors(bundle.value().weights));
  };
  const TemporaryDirectory good;
  EXPECT_TRUE(write(good, "tiny").ok());
  const TemporaryDirectory bad;
  const auto written = write(bad, "tiny\x1B");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::Internal);
  EXPECT_THAT(written.error().message,
              testing::AllOf(testing::HasSubstr(bad.path()), testing::HasSubstr("name is ")));
}

}  // namespace
}  // namespace jetsoncaption
