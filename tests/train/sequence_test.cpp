// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole sentences in training are scored, and written, as the captioner does it word by word.
#include "train/sequence.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bundle/bundle.h"
#include "fakes/tiny_bundle_files.h"
#include "search/search.h"
#include "torch/torch_network.h"
#include "torch/torch_runtime.h"
#include "torch/weights.h"
#include "train/augment.h"
#include "train/reward.h"

namespace jetsoncaption {
namespace {

// Of log-probabilities: the order of fp32 sums differs with the number of rows.
constexpr float kRoundingTolerance = 1e-4F;
constexpr double kNoDropout = 0;
// Temperatures of write_sentences().
constexpr double kMostLikely = 0;
constexpr double kSampled = 1;

class SequenceTest : public testing::Test {
 protected:
  void SetUp() override {
    bundle_ = files_.open(WeightFile::Master);
    ASSERT_NE(bundle_, nullptr);
    use_threads(1);
    torch::manual_seed(1);
    for (const auto& [name, tensor] : fp32_tensors(bundle_->weights))
      tensors_[name] = tensor.clone();
    for (unsigned number = 0; number < 3; ++number) {
      for (int i = 0; i < 64 * 64 * 3; ++i)
        rgb_[number].push_back(static_cast<uint8_t>(i * (number + 1) / (number + 2)));
    }
  }

  Decoder decoder() const { return {bundle_->config.decoder, tensors_}; }

  // The pictures as training sees them.
  Decoder::Picture prepare() const {
    std::vector<torch::Tensor> planes;
    for (const auto& rgb : rgb_) {
      auto pixels = torch::empty({64, 64, 3}, torch::kUInt8);
      std::copy(rgb.begin(), rgb.end(), pixels.data_ptr<uint8_t>());
      planes.push_back(pixels.permute({2, 0, 1}));
    }
    const Encoder encoder(bundle_->config.encoder, tensors_);
    return decoder().prepare(
        encoder.forward(normalize_pictures(torch::stack(planes), bundle_->config)));
  }

  const TinyBundleFiles files_;
  std::unique_ptr<Bundle> bundle_;
  NamedTensors tensors_;
  std::vector<uint8_t> rgb_[3];
};

TEST_F(SequenceTest, ScoresGivenWordsAsTheCaptionerDoes) {
  const std::vector<int> words = {4, 6, 7, 10, 2};  // "a red dog runs", the end
  const auto targets =
      torch::tensor(std::vector<int64_t>(words.begin(), words.end())).view({1, 1, 5});
  const auto inputs = torch::tensor({1, 4, 6, 7, 10}, torch::kInt64).view({1, 1, 5});
  const auto network = make_torch_network(*bundle_);
  for (size_t number = 0; number < 3; ++number) {
    auto picture = prepare();
    picture.features = picture.features.narrow(0, static_cast<int64_t>(number), 1);
    picture.keys = picture.keys.narrow(0, static_cast<int64_t>(number), 1);
    const auto scores = score_sentences(decoder(), picture, inputs, targets, kNoDropout);
    const auto trained = torch::log_softmax(scores.logits, -1);

    network->look_at(rgb_[number].data());
    int previous = 1;
    for (size_t t = 0; t < words.size(); ++t) {
      std::vector<float> captioned;
      network->step({0}, {previous}, captioned);
      for (size_t id = 0; id < captioned.size(); ++id) {
        EXPECT_NEAR(trained[static_cast<int64_t>(t)][static_cast<int64_t>(id)].item<float>(),
                    captioned[id], kRoundingTolerance);
      }
      previous = words[t];
    }
  }
}

TEST_F(SequenceTest, LeavesPaddingOutAndSaysWhichSentenceAWordBelongsTo) {
  const auto inputs =
      torch::tensor({1, 4, 6, 1, 7, 0, 1, 4, 0, 1, 0, 0, 1, 8, 9, 1, 0, 0}, torch::kInt64)
          .view({3, 2, 3});
  const auto targets =
      torch::tensor({4, 6, 2, 7, 2, 0, 4, 2, 0, 2, 0, 0, 8, 9, 2, 2, 0, 0}, torch::kInt64)
          .view({3, 2, 3});
  const auto scores = score_sentences(decoder(), prepare(), inputs, targets, kNoDropout);

  std::multiset<std::pair<int64_t, int64_t>> found;
  for (int64_t i = 0; i < scores.targets.size(0); ++i)
    found.emplace(scores.rows[i].item<int64_t>(), scores.targets[i].item<int64_t>());
  const std::multiset<std::pair<int64_t, int64_t>> expected = {{0, 4}, {0, 6}, {0, 2}, {1, 7},
                                                               {1, 2}, {2, 4}, {2, 2}, {3, 2},
                                                               {4, 8}, {4, 9}, {4, 2}, {5, 2}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(scores.logits.size(0), scores.targets.size(0));
}

TEST_F(SequenceTest, WritesWhatGreedySearchWrites) {
  constexpr int kMaxWords = 6;
  const auto written = write_sentences(decoder(), prepare(), 1, kMaxWords, kMostLikely);
  const auto network = make_torch_network(*bundle_);
  SearchOptions options;
  options.max_words = kMaxWords;
  options.banned_tokens = {0, 1, 3};
  for (size_t number = 0; number < 3; ++number) {
    network->look_at(rgb_[number].data());
    Words expected;
    for (const int id : search(*network, options).words)
      expected.push_back(bundle_->vocabulary.word(id));
    EXPECT_EQ(words_of(written[static_cast<int64_t>(number)][0], bundle_->vocabulary), expected);
  }
}

TEST_F(SequenceTest, EndsEverySentenceAndPadsAfterIt) {
  constexpr int kMaxWords = 5;
  const auto written = write_sentences(decoder(), prepare(), 50, kMaxWords, kSampled);
  ASSERT_LE(written.size(2), kMaxWords + 1);
  for (int64_t i = 0; i < written.size(0) * written.size(1); ++i) {
    const auto row = written.flatten(0, 1)[i];
    int ends = 0;
    for (int64_t t = 0; t < row.size(0); ++t) {
      const auto id = row[t].item<int64_t>();
      EXPECT_EQ(id == 0, ends > 0) << "padding after the end, and nowhere else";
      EXPECT_TRUE(id != 1 && id != 3) << "never written";
      ends += id == 2 ? 1 : 0;
    }
    EXPECT_EQ(ends, 1);
  }
}

TEST_F(SequenceTest, WritesLikelierWordsTheLowerTheTemperature) {
  const auto greedy = write_sentences(decoder(), prepare(), 200, 1, kMostLikely);
  const auto share_of_greedy = [&](double temperature) {
    const auto written = write_sentences(decoder(), prepare(), 200, 1, temperature);
    return (written.select(2, 0) == greedy.select(2, 0)).to(torch::kFloat32).mean().item<float>();
  };
  const float cold = share_of_greedy(0.01);
  const float cool = share_of_greedy(0.3);
  const float warm = share_of_greedy(1);
  EXPECT_GT(cold, cool);
  EXPECT_GT(cool, warm);
}

TEST_F(SequenceTest, WritesWordsAsOftenAsTheyAreLikely) {
  constexpr int kSentences = 4000;
  const auto picture = prepare();
  const auto written = write_sentences(decoder(), picture, kSentences, 1, kSampled);
  const auto start = torch::full({3, 1, 1}, TokenIds().start, torch::kInt64);
  const auto scores = score_sentences(decoder(), picture, start, start, kNoDropout).logits;
  scores.index_fill_(1, torch::tensor({0, 1, 3}, torch::kInt64), -1e9);  // never written
  const auto likely = torch::softmax(scores, -1);
  for (int64_t b = 0; b < 3; ++b) {
    for (int64_t id = 0; id < likely.size(1); ++id) {
      const float share = (written.select(2, 0)[b] == id).to(torch::kFloat32).mean().item<float>();
      const auto expected = likely[b][id].item<float>();
      // Five standard deviations.
      EXPECT_NEAR(share, expected, 5 * std::sqrt(expected / kSentences) + 1e-6) << "word " << id;
    }
  }
}

TEST_F(SequenceTest, ReadsTheWordsOfARowUpToTheEnd) {
  const auto row = torch::tensor({4, 6, 7, 2, 0, 0}, torch::kInt64);
  EXPECT_EQ(words_of(row, bundle_->vocabulary), (Words{"a", "red", "dog"}));
}

TEST_F(SequenceTest, IsRewardedForWhatPeopleWrote) {
  // Three pictures with other words each, so that the words are worth something to CIDEr-D.
  const std::vector<std::vector<Words>> references = {
      {{"a", "red", "dog"}}, {{"the", "child", "plays"}}, {{"cat", "on", "grass"}}};
  const SentenceReward reward(references, 0);
  const CiderD cider(references);
  const auto indices = torch::tensor({0, 1, 2}, torch::kInt64);
  constexpr int kSentences = 8;
  constexpr int kMaxWords = 4;
  constexpr int kSteps = 200;
  constexpr double kLearningRate = 0.5;
  for (auto& [name, tensor] : tensors_)
    tensor.requires_grad_(name.compare(0, 8, "decoder.") == 0);
  const auto mean_reward = [&] {
    const auto written = write_sentences(decoder(), prepare(), 50, kMaxWords, kSampled);
    double sum = 0;
    for (int64_t b = 0; b < 3; ++b) {
      const auto prepared = cider.prepare(references[static_cast<size_t>(b)]);
      for (int64_t k = 0; k < 50; ++k)
        sum += cider.score(words_of(written[b][k], bundle_->vocabulary), prepared);
    }
    return sum / 150;
  };

  const double before = mean_reward();
  for (int step = 0; step < kSteps; ++step) {
    const auto loss = reward.loss(decoder(), prepare(), indices, kSentences, kMaxWords, kSampled, 0,
                                  bundle_->vocabulary);
    loss.backward();
    const torch::NoGradGuard no_gradients;
    for (auto& [name, tensor] : tensors_) {
      if (!tensor.grad().defined())
        continue;
      tensor.sub_(tensor.grad(), kLearningRate);
      tensor.grad().zero_();
    }
  }
  // With other seeds it becomes four to five times as much.
  EXPECT_GT(mean_reward(), 2 * before);
}

}  // namespace
}  // namespace jetsoncaption
