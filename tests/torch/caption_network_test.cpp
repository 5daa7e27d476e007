// SPDX-License-Identifier: LGPL-2.1-or-later
// What the search relies on, for each arithmetic a bundle can be captioned with.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/tiny_bundle.h"
#include "fakes/tiny_bundle_files.h"
#include "int8/kernels.h"
#include "int8/network.h"
#include "torch/torch_network.h"
#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

// Of log-probabilities: the order of fp32 sums differs with the number of rows.
constexpr float kRoundingTolerance = 1e-4F;
// Mean of log-probabilities: the int8 network rounds its activations to 8 bits, the dequantized one
// does not. With this bundle they are 0.012 apart, and two pictures are 0.12 apart.
constexpr double kQuantizationTolerance = 0.03;

// Of shares that sum to 1, for the same reason. With this bundle the largest difference is 0.025.
constexpr float kAttentionTolerance = 0.05F;

// Of probabilities, for the same reason.
constexpr float kTagTolerance = 0.05F;

// Words of the tiny bundle.
constexpr int kStart = 1;
constexpr int kA = 4;
constexpr int kThe = 5;
constexpr int kRed = 6;
constexpr int kDog = 7;

constexpr int kCells = 4;  // the tiny bundle's input of 64x64 gives a grid of 2x2

enum class Arithmetic { Fp32, Fp16, Dequantized, Int8 };

// Arithmetic, and whether the bundle has tags (format 2) or not (format 1).
using Variant = std::tuple<Arithmetic, bool>;

std::string variant_name(const testing::TestParamInfo<Variant>& info) {
  const char* const names[] = {"Fp32", "Fp16", "Dequantized", "Int8"};
  const std::string name = names[static_cast<int>(std::get<0>(info.param))];
  return name + (std::get<1>(info.param) ? "WithTags" : "");
}

using Scores = std::vector<float>;

float largest_difference(const Scores& a, const Scores& b) {
  if (a.size() != b.size())
    return INFINITY;
  float largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

Scores step(CaptionNetwork& network, const std::vector<int>& parents,
            const std::vector<int>& words) {
  Scores scores;
  network.step(parents, words, scores);
  return scores;
}

Scores row(const Scores& scores, int index, int columns) {
  return {scores.begin() + index * columns, scores.begin() + (index + 1) * columns};
}

// A picture of the tiny bundle's input size, different for each number.
std::vector<uint8_t> picture(unsigned number) {
  const ModelConfig config = tiny_config();
  std::vector<uint8_t> rgb(static_cast<size_t>(config.input_width) *
                           static_cast<size_t>(config.input_height) * 3);
  for (size_t i = 0; i < rgb.size(); ++i)
    rgb[i] = static_cast<uint8_t>(i * (2 * number + 1) / (number + 3));
  return rgb;
}

class CaptionNetworkTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    use_threads(1);
    const bool master = arithmetic_ == Arithmetic::Fp32 || arithmetic_ == Arithmetic::Fp16;
    bundle_ = files_.open(master ? WeightFile::Master : WeightFile::Int8);
    TorchOptions options;
    options.half = arithmetic_ == Arithmetic::Fp16;
    network_ = arithmetic_ == Arithmetic::Int8 ? make_int8_network(*bundle_)
                                               : make_torch_network(*bundle_, options);
  }

  Scores step(const std::vector<int>& parents, const std::vector<int>& words) {
    return jetsoncaption::step(*network_, parents, words);
  }

  // The scores after the last of the words, which follow each other in one sentence.
  Scores scores_after(const std::vector<uint8_t>& rgb, const std::vector<int>& words) {
    network_->look_at(rgb.data());
    Scores scores;
    for (const int word : words)
      scores = step({0}, {word});
    return scores;
  }

  const Arithmetic arithmetic_ = std::get<0>(GetParam());
  const bool has_tags_ = std::get<1>(GetParam());
  const TinyBundleFiles files_{has_tags_};
  std::unique_ptr<Bundle> bundle_;
  std::unique_ptr<CaptionNetwork> network_;
};

TEST_P(CaptionNetworkTest, NamesEachNounOfTheTagsOnceAndTheLikeliestFirst) {
  network_->look_at(picture(1).data());
  std::vector<Tag> tags = network_->tags();
  ASSERT_EQ(tags.size(), has_tags_ ? 3U : 0U);
  for (size_t i = 1; i < tags.size(); ++i)
    EXPECT_LE(tags[i].probability, tags[i - 1].probability);
  const auto first = tags;
  network_->look_at(picture(2).data());
  if (has_tags_) {
    EXPECT_NE(network_->tags()[0].probability, first[0].probability);
  }
}

TEST_P(CaptionNetworkTest, GivesEachSentenceADistributionOverAllWords) {
  network_->look_at(picture(1).data());
  step({0}, {kStart});
  const Scores scores = step({0, 0, 0}, {kA, kThe, kRed});

  const int words = network_->vocabulary_size();
  ASSERT_EQ(scores.size(), static_cast<size_t>(3 * words));
  for (int sentence = 0; sentence < 3; ++sentence) {
    double sum = 0;
    for (const float score : row(scores, sentence, words))
      sum += std::exp(score);
    EXPECT_NEAR(sum, 1, kRoundingTolerance);
  }
}

TEST_P(CaptionNetworkTest, ScoresSentencesTogetherAsOneByOne) {
  const auto rgb = picture(1);
  network_->look_at(rgb.data());
  step({0}, {kStart});
  step({0, 0}, {kA, kThe});
  const Scores together = step({0, 1}, {kRed, kDog});

  const int words = network_->vocabulary_size();
  EXPECT_LT(largest_difference(row(together, 0, words), scores_after(rgb, {kStart, kA, kRed})),
            kRoundingTolerance);
  EXPECT_LT(largest_difference(row(together, 1, words), scores_after(rgb, {kStart, kThe, kDog})),
            kRoundingTolerance);
}

TEST_P(CaptionNetworkTest, ContinuesEachSentenceFromTheSlotOfItsParent) {
  const auto rgb = picture(1);
  network_->look_at(rgb.data());
  step({0}, {kStart});
  step({0, 0}, {kA, kThe});
  const Scores crossed = step({1, 0, 1}, {kRed, kRed, kDog});

  const int words = network_->vocabulary_size();
  EXPECT_LT(largest_difference(row(crossed, 0, words), scores_after(rgb, {kStart, kThe, kRed})),
            kRoundingTolerance);
  EXPECT_LT(largest_difference(row(crossed, 1, words), scores_after(rgb, {kStart, kA, kRed})),
            kRoundingTolerance);
  EXPECT_LT(largest_difference(row(crossed, 2, words), scores_after(rgb, {kStart, kThe, kDog})),
            kRoundingTolerance);
}

TEST_P(CaptionNetworkTest, RemembersTheWordsBefore) {
  const auto rgb = picture(1);
  EXPECT_GT(largest_difference(scores_after(rgb, {kStart, kA, kDog}),
                               scores_after(rgb, {kStart, kThe, kDog})),
            10 * kRoundingTolerance);
}

TEST_P(CaptionNetworkTest, ForgetsEverythingWhenItLooksAgain) {
  const auto rgb = picture(1);
  const Scores first = scores_after(rgb, {kStart});
  scores_after(picture(2), {kStart, kThe, kRed, kDog});

  EXPECT_EQ(scores_after(rgb, {kStart}), first);
}

TEST_P(CaptionNetworkTest, ScoresAnotherPictureDifferently) {
  EXPECT_GT(
      largest_difference(scores_after(picture(1), {kStart}), scores_after(picture(2), {kStart})),
      10 * kRoundingTolerance);
}

TEST_P(CaptionNetworkTest, LooksAtTheCellsInSharesThatSumToOne) {
  network_->look_at(picture(1).data());
  step({0}, {kStart});
  step({0, 0, 0}, {kA, kThe, kRed});
  std::vector<float> maps;
  network_->copy_attention(maps);

  ASSERT_EQ(maps.size(), size_t{3 * kCells});
  for (int sentence = 0; sentence < 3; ++sentence) {
    float sum = 0;
    for (const float share : row(maps, sentence, kCells)) {
      EXPECT_GE(share, 0);
      sum += share;
    }
    EXPECT_NEAR(sum, 1, 1e-5) << "four numbers rounded to fp32";
  }
}

TEST_P(CaptionNetworkTest, LooksFromTheStateOfTheParent) {
  const auto rgb = picture(1);
  network_->look_at(rgb.data());
  step({0}, {kStart});
  step({0, 0}, {kA, kThe});
  step({1, 0}, {kRed, kDog});
  std::vector<float> crossed;
  network_->copy_attention(crossed);

  std::vector<float> alone;
  scores_after(rgb, {kStart, kThe, kRed});
  network_->copy_attention(alone);
  EXPECT_LT(largest_difference(row(crossed, 0, kCells), alone), kRoundingTolerance);
  scores_after(rgb, {kStart, kA, kDog});
  network_->copy_attention(alone);
  EXPECT_LT(largest_difference(row(crossed, 1, kCells), alone), kRoundingTolerance);
}

TEST_P(CaptionNetworkTest, SaysWhichKernelsCompute) {
  const std::string kernels = network_->kernels();
  switch (arithmetic_) {
    case Arithmetic::Fp32:
      EXPECT_EQ(kernels, "torch");
      break;
    case Arithmetic::Fp16:
      EXPECT_EQ(kernels, "torch-fp32");
      break;
    case Arithmetic::Dequantized:
      EXPECT_EQ(kernels, "dequantized");
      break;
    case Arithmetic::Int8:
      EXPECT_EQ(kernels, chosen_int8_kernels().network_name);
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, CaptionNetworkTest,
                         testing::Combine(testing::Values(Arithmetic::Fp32, Arithmetic::Fp16,
                                                          Arithmetic::Dequantized,
                                                          Arithmetic::Int8),
                                          testing::Bool()),
                         variant_name);

// The int8 network and the exact one with the same weights, over the same pictures and words.
class Int8Network : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    use_threads(1);
    int8_ = make_int8_network(*bundle_);
    dequantized_ = make_torch_network(*bundle_);
  }

  // compare(scores of int8, exact scores) after each step of both.
  template <typename Compare>
  void for_each_step(Compare&& compare) {
    for (unsigned number = 0; number < 20; ++number) {
      SCOPED_TRACE("picture " + std::to_string(number));
      const auto rgb = picture(number);
      int8_->look_at(rgb.data());
      dequantized_->look_at(rgb.data());
      for (const int word : {kStart, kA, kRed, kDog})
        compare(step(*int8_, {0}, {word}), step(*dequantized_, {0}, {word}));
    }
  }

  const TinyBundleFiles files_{GetParam()};
  std::unique_ptr<Bundle> bundle_ = files_.open(WeightFile::Int8);
  std::unique_ptr<CaptionNetwork> int8_;
  std::unique_ptr<CaptionNetwork> dequantized_;
};

TEST_P(Int8Network, AgreesWithTheDequantizedNetwork) {
  double sum = 0;
  size_t count = 0;
  for_each_step([&](const Scores& fast, const Scores& exact) {
    ASSERT_EQ(fast.size(), exact.size());
    for (size_t i = 0; i < fast.size(); ++i)
      sum += std::fabs(fast[i] - exact[i]);
    count += fast.size();
  });
  EXPECT_LT(sum / static_cast<double>(count), kQuantizationTolerance);
}

TEST_P(Int8Network, LooksWhereTheDequantizedNetworkLooks) {
  for_each_step([&](const Scores&, const Scores&) {
    std::vector<float> fast, exact;
    int8_->copy_attention(fast);
    dequantized_->copy_attention(exact);
    EXPECT_LT(largest_difference(fast, exact), kAttentionTolerance);
  });
}

TEST_P(Int8Network, SeesTheTagsThatTheDequantizedNetworkSees) {
  for_each_step([&](const Scores&, const Scores&) {
    ASSERT_EQ(int8_->tags().size(), dequantized_->tags().size());
    for (const Tag& tag : int8_->tags()) {
      const auto& exact = dequantized_->tags();
      const auto same = std::find_if(exact.begin(), exact.end(),
                                     [&](const Tag& other) { return other.word == tag.word; });
      ASSERT_NE(same, exact.end());
      EXPECT_NEAR(tag.probability, same->probability, kTagTolerance);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Tags, Int8Network, testing::Bool());

// MobileNets of some widths add what the stem made to what the first block makes of it.
TEST(Int8NetworkOfAResidualFirstBlock, AgreesWithTheDequantizedNetwork) {
  use_threads(1);
  ModelConfig config = tiny_config();
  config.encoder.blocks.insert(config.encoder.blocks.begin(), {8, 8, 8, 1, true});
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_tiny_bundle_of(directory.path(), 3, config).ok());
  const auto bundle = open_bundle(directory.path(), WeightFile::Int8);
  ASSERT_TRUE(bundle.ok()) << bundle.error().message;
  const auto int8 = make_int8_network(bundle.value());
  const auto exact = make_torch_network(bundle.value());
  double sum = 0;
  size_t count = 0;
  for (unsigned number = 0; number < 20; ++number) {
    const auto rgb = picture(number);
    int8->look_at(rgb.data());
    exact->look_at(rgb.data());
    for (const int word : {kStart, kA, kRed, kDog}) {
      const Scores fast = step(*int8, {0}, {word});
      const Scores slow = step(*exact, {0}, {word});
      for (size_t i = 0; i < fast.size(); ++i)
        sum += std::fabs(fast[i] - slow[i]);
      count += fast.size();
    }
  }
  // Coarser steps than elsewhere: 0.05 apart, and 0.34 where the stem's zero is taken for another.
  EXPECT_LT(sum / static_cast<double>(count), 3 * kQuantizationTolerance);
}

}  // namespace
}  // namespace jetsoncaption
