// SPDX-License-Identifier: LGPL-2.1-or-later
// Features come back from the disk as the encoder made them, and only those that are asked for.
#include "train/feature_store.h"

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "bundle/bundle.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/pictures.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

constexpr int kPictures = 5;
constexpr int kViews = 3;

class Features : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_tiny_bundle(bundle_.path(), 1).ok());
    auto opened = open_bundle(bundle_.path(), WeightFile::Master);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    config_ = opened.value().config;
    for (const auto& [name, tensor] : fp32_tensors(opened.value().weights))
      weights_[name] = tensor.clone();  // the file is closed at the end of this
    torch::manual_seed(1);
    plain_ = torch::randint(256, {kPictures, 3, config_.input_height, config_.input_width},
                            torch::kUInt8);
    auto store =
        ShardStore::create({work_.file("pictures"), "", static_cast<size_t>(plain_[0].numel()),
                            kPictures, 2 * static_cast<size_t>(plain_[0].numel())});
    ASSERT_TRUE(store.ok()) << store.error().message;
    for (int i = 0; i < kPictures; ++i)
      ASSERT_TRUE(store.value()->write(static_cast<size_t>(i), plain_[i].data_ptr()).ok());
    pictures_ = Pictures(std::move(store.value()), {0, 1, 2, 3, 4}, config_.input_width,
                         config_.input_height);
  }

  Result<std::unique_ptr<FeatureStore>> make(const std::string& key = "key") {
    computed_ = 0;
    return FeatureStore::make(work_.file("features"), key, Encoder(config_.encoder, weights_),
                              config_, pictures_, kViews, Variation(),
                              [this](const std::string&, int, int) { ++computed_; });
  }

  torch::Tensor encoded(const torch::Tensor& pictures) {
    return encode_pictures(Encoder(config_.encoder, weights_), config_, pictures)
        .to(torch::kFloat16)
        .to(torch::kFloat32);
  }

  TemporaryDirectory bundle_;
  TemporaryDirectory work_;
  ModelConfig config_;
  NamedTensors weights_;
  torch::Tensor plain_;
  Pictures pictures_;
  int computed_ = 0;
};

torch::Tensor numbers(std::vector<int64_t> values) {
  return torch::tensor(values, torch::kInt64);
}

TEST_F(Features, AreThoseOfTheViewsThatAreAskedFor) {
  auto features = make();
  ASSERT_TRUE(features.ok()) << features.error().message;
  const auto chosen = features.value()->select(numbers({0, 1, 0}), numbers({4, 2, 0}));
  const auto expected =
      torch::stack({encoded(plain_)[4], encoded(plain_.flip({-1}))[2], encoded(plain_)[0]});
  EXPECT_TRUE(torch::equal(chosen, expected));
  const auto varied = features.value()->select(numbers({2}), numbers({0}));
  EXPECT_FALSE(torch::equal(varied[0], expected[2]));
}

TEST_F(Features, AreComputedAgainOnlyForAnotherKey) {
  torch::Tensor first;
  {
    auto features = make();
    ASSERT_TRUE(features.ok());
    EXPECT_GT(computed_, 0);
    first = features.value()->select(numbers({2, 1}), numbers({0, 3}));
  }
  auto again = make();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(computed_, 0);
  EXPECT_TRUE(torch::equal(again.value()->select(numbers({2, 1}), numbers({0, 3})), first));
  ASSERT_TRUE(make("another key").ok());
  EXPECT_GT(computed_, 0);
}

TEST_F(Features, OfAFullDiskAreASentence) {
  ASSERT_EQ(symlink("/dev/full", work_.file("features-0000.shard").c_str()), 0);
  const auto features = make();
  ASSERT_FALSE(features.ok());
  EXPECT_THAT(features.error().message,
              HasSubstr("features-0000.shard cannot be written: No space left on device; "));
  unlink(work_.file("features-0000.shard").c_str());
}

TEST_F(Features, PicturesAreReadInAnyOrderAndFromSeveralStores) {
  EXPECT_TRUE(torch::equal(pictures_.range(1, 3), plain_.narrow(0, 1, 3)));
  EXPECT_TRUE(torch::equal(pictures_.select(numbers({3, 0, 3})),
                           plain_.index_select(0, numbers({3, 0, 3}))));
  Pictures both = pictures_;
  both.append(pictures_);
  EXPECT_EQ(both.size(), 2 * kPictures);
  EXPECT_TRUE(torch::equal(both.range(kPictures, 1)[0], plain_[0]));
  EXPECT_NE(both.content_hash(), pictures_.content_hash());
}

}  // namespace
}  // namespace jetsoncaption
