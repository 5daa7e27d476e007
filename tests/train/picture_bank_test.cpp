// SPDX-License-Identifier: LGPL-2.1-or-later
// A sentence without a picture is shown places of pictures that show what it names.
#include "train/picture_bank.h"

#include <set>

#include <gtest/gtest.h>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr int kGrid = 3;
constexpr int kChannels = 2;

// Picture 0 shows a dog, 1 a cat and a bed, 2 nothing that has a name.
Dataset make_dataset() {
  Dataset dataset;
  dataset.ids = {"dog.png", "cat.png", "nothing.png"};
  dataset.references = {{{"a", "dog"}}, {{"a", "cat"}, {"a", "bed"}}, {{"it"}}};
  return dataset;
}

class PictureBankTest : public testing::Test {
 protected:
  // Every place of picture i has the value i + 1.
  void SetUp() override {
    torch::manual_seed(1);
    const auto values = torch::arange(1, 4, torch::kFloat32).view({3, 1, 1});
    bank_.remember(torch::arange(3, torch::kInt64),
                   values.expand({3, kGrid * kGrid, kChannels}).contiguous());
  }

  std::set<float> values_of(const Words& sentence) {
    const auto places = bank_.compose({&sentence}, 0).features.contiguous();
    const auto* first = places.data_ptr<float>();
    return {first, first + places.numel()};
  }

  const Vocabulary vocabulary_ = Vocabulary::build({{"a", "dog", "cat", "bed", "boat", "and"}}, 1);
  const TagNouns nouns_{vocabulary_};
  const Dataset dataset_ = make_dataset();
  PictureBank bank_{dataset_, nouns_, kGrid, kGrid, kChannels};
};

TEST_F(PictureBankTest, ASentenceIsShownThePlacesOfAPictureOfItsThing) {
  EXPECT_EQ(values_of({"a", "dog"}), (std::set<float>{1}));
  EXPECT_EQ(values_of({"two", "cats"}), (std::set<float>{2}));
}

TEST_F(PictureBankTest, ThingsOfTwoPicturesAreJoinedInOneGrid) {
  EXPECT_EQ(values_of({"a", "dog", "and", "a", "cat"}), (std::set<float>{1, 2}));
}

TEST_F(PictureBankTest, ThingsThatNoPictureShowsAreMissed) {
  const Words sentence = {"a", "dog", "and", "a", "boat"};
  const auto work = bank_.compose({&sentence}, 0);
  EXPECT_EQ(work.shown[0], (std::vector<int>{nouns_.find("dog")}));
  EXPECT_EQ(work.missed[0], (std::vector<int>{nouns_.find("boat")}));
}

TEST_F(PictureBankTest, AShareOfTheSentencesGetsNoPlaces) {
  const Words sentence = {"a", "dog"};
  const auto work = bank_.compose({&sentence}, 1);
  EXPECT_EQ(work.features.abs().sum().item<float>(), 0);
  EXPECT_EQ(work.missed[0], (std::vector<int>{nouns_.find("dog")}));
}

TEST_F(PictureBankTest, PicturesWithoutFeaturesAreNotUsed) {
  PictureBank empty(dataset_, nouns_, kGrid, kGrid, kChannels);
  const Words sentence = {"a", "dog"};
  const auto work = empty.compose({&sentence}, 0);
  EXPECT_EQ(empty.known(), 0);
  EXPECT_EQ(work.features.abs().sum().item<float>(), 0);
  EXPECT_TRUE(work.shown[0].empty());
}

// Most trainings have no sentences without pictures, and nothing to remember.
TEST_F(PictureBankTest, TakesNoMemoryForFeaturesBeforeItIsToRememberSome) {
  const PictureBank vast(dataset_, nouns_, 1000, 1000, 1 << 30);
  EXPECT_EQ(vast.known(), 0);
}

}  // namespace
}  // namespace jetsoncaption
