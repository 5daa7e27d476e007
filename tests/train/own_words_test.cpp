// SPDX-License-Identifier: LGPL-2.1-or-later
// People can train their own words: from scratch and from the shipped bundle, on pictures that are
// made up, and captions come near the best that is possible in minutes. The runs of
// docs/train-your-own.md.
#include <algorithm>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "fakes/places.h"
#include "fakes/temporary_directory.h"
#include "shapes.h"
#include "text/metrics.h"
#include "text/tokenizer.h"
#include "train/trained_bundle.h"
#include "train/trainer.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

constexpr int kPictures = 200;

class OwnWords : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_weight_file(model_directory(), WeightFile::Master))
      GTEST_SKIP() << "there is no bundle in " << model_directory();
    options_.sources = {{"shapes", data_.write("captions.txt", shape_captions(kPictures)), "", ""}};
    options_.work = work_.path();
    options_.output = output_.path();
    options_.name = "shapes";
    options_.licence = "CC0-1.0";
    options_.training_data = "made up";
    options_.joint.epochs = options_.reward.epochs = 0;
    options_.min_count = 1;
    options_.tag_cells = 0;
    options_.views = 1;
    options_.frozen_blocks = 0;
    options_.threads = 1;  // two that wait for a busy core are slower than one
  }

  // The best CIDEr-D on the dev pictures.
  double train_and_measure() {
    double best = 0;
    TrainReports reports;
    reports.progress = [](const std::string&, int, int) {};
    reports.epoch_done = [&](const std::string& line) {
      const auto epoch = nlohmann::json::parse(line);
      best = std::max(best, epoch.at("dev").at(0).at("cider_d").get<double>());
    };
    const auto trained = train(options_, read_shape, reports);
    EXPECT_TRUE(trained.ok()) << trained.error().message;
    return best;
  }

  TemporaryDirectory data_;
  TemporaryDirectory work_;
  TemporaryDirectory output_;
  TrainOptions options_;
};

// What a captioner would get that says of every picture all that is true of it.
double ceiling() {
  std::vector<CaptionPair> pairs;
  for (int number = 0; number < kPictures; ++number) {
    CaptionPair pair;
    for (const std::string& sentence : shape_sentences(number))
      pair.references.push_back(tokenize(sentence));
    pair.candidate = pair.references.front();
    pairs.push_back(std::move(pair));
  }
  return evaluate_captions(pairs).cider_d;
}

TEST_F(OwnWords, AreLearntFromScratch) {
  options_.backbone = model_directory();
  options_.decoder = {12, 4e-3, 0};
  options_.feature_size = options_.hidden_size = 128;
  options_.attention_size = options_.embedding_size = 64;
  options_.batch = 8;
  const double best = train_and_measure();
  RecordProperty("cider_d", std::to_string(best));
  EXPECT_GT(best, 0.8 * ceiling());
}

TEST_F(OwnWords, AreAddedToTheShippedBundle) {
  options_.start = model_directory();
  ASSERT_TRUE(take_options_over(options_.start, options_).ok());
  options_.decoder = {6, 1e-3, 0};
  options_.batch = 8;
  const double best = train_and_measure();
  RecordProperty("cider_d", std::to_string(best));
  EXPECT_GT(best, 0.7 * ceiling());
  const auto before = open_bundle(model_directory(), WeightFile::Master);
  const auto after = open_bundle(output_.path(), WeightFile::Master);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before.value().vocabulary.find("triangle"), -1) << "choose a word it does not know";
  EXPECT_GE(after.value().vocabulary.find("triangle"), 4);
  EXPECT_GE(after.value().vocabulary.find("dog"), 4) << "what it knew stays";
}

}  // namespace
}  // namespace jetsoncaption
