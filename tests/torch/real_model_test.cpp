// SPDX-License-Identifier: LGPL-2.1-or-later
// The bundle that comes with the program, or the one that $JETSONCAPTION_MODEL names: it opens, it
// describes, and it keeps doing so. How well it describes is measured by `jetsoncaption evaluate`.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bundle/bundle.h"
#include "fakes/places.h"
#include "memory/sampler.h"
#include "torch/torch_captioner.h"

#include <sys/stat.h>

namespace jetsoncaption {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 240;

struct Pixel {
  int red, green, blue;
};

Image paint(const std::function<Pixel(int x, int y)>& colour) {
  Image image;
  image.width = kWidth;
  image.height = kHeight;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const Pixel pixel = colour(x, y);
      for (const int value : {pixel.red, pixel.green, pixel.blue})
        image.pixels.push_back(static_cast<uint8_t>(value));
    }
  }
  return image;
}

Image darkness() {
  return paint([](int, int) { return Pixel{5, 5, 10}; });
}

// Scenes that anybody can paint: sky over grass, a ball on it, a lamp at night, and stripes.
std::vector<Image> scenes() {
  const auto meadow = [](int, int y) {
    return y < kHeight / 2 ? Pixel{100, 160, 230} : Pixel{60, 140, 50};
  };
  const auto ball = [meadow](int x, int y) {
    const int dx = x - kWidth / 2;
    const int dy = y - kHeight * 2 / 3;
    return dx * dx + dy * dy < 40 * 40 ? Pixel{220, 40, 30} : meadow(x, y);
  };
  const auto night = [](int x, int y) {
    return x < 40 && y < 40 ? Pixel{250, 240, 200} : Pixel{5, 5, 10};
  };
  const auto stripes = [](int x, int) {
    return x / 20 % 2 == 0 ? Pixel{240, 240, 240} : Pixel{20, 20, 20};
  };
  return {paint(meadow), paint(ball), paint(night), paint(stripes)};
}

// For each precision that the bundle lists.
class RealModelTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string config = model_directory() + "/config.json";
    struct stat status {};
    if (stat(config.c_str(), &status) != 0)
      GTEST_SKIP() << config << " is missing; JETSONCAPTION_MODEL may name its folder";
    const auto opened = open_bundle(model_directory(), WeightFile::Master);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const Vocabulary& vocabulary = opened.value().vocabulary;
    const TokenIds& tokens = opened.value().config.tokens;
    for (int id = 0; id < vocabulary.size(); ++id)
      words_.insert(vocabulary.word(id));
    for (const int id : {tokens.padding, tokens.start, tokens.end, tokens.unknown})
      words_.erase(vocabulary.word(id));
    names_ = opened.value().config.precisions;
    for (const std::string& name : names_)
      precisions_.push_back(name == "int8" ? Precision::Int8 : Precision::Fp32);
    ASSERT_FALSE(precisions_.empty());
  }

  static std::unique_ptr<Captioner> load(Precision precision) {
    CaptionerOptions options;
    options.model_dir = model_directory();
    options.precision = precision;
    options.threads = 1;
    auto loaded = load_torch_captioner(options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? std::move(loaded.value()) : nullptr;
  }

  static Caption describe(Captioner& captioner, const Image& image, int beam_size) {
    const auto caption = captioner.describe(image.view(), {beam_size, 20, 0});
    EXPECT_TRUE(caption.ok()) << caption.error().message;
    return caption.ok() ? caption.value() : Caption{};
  }

  std::set<std::string> words_;     // that captions may have
  std::vector<std::string> names_;  // of the precisions of the bundle
  std::vector<Precision> precisions_;
};

TEST_F(RealModelTest, OpensInEachPrecisionItLists) {
  for (const Precision precision : precisions_) {
    const auto captioner = load(precision);
    ASSERT_NE(captioner, nullptr);
    const std::string name = name_of(captioner->info().precision);
    EXPECT_EQ(name == "int8", precision == Precision::Int8);
    EXPECT_EQ(std::count(names_.begin(), names_.end(), name), 1) << name;
  }
}

TEST_F(RealModelTest, SaysNothingOfDarkness) {
  for (const Precision precision : precisions_) {
    const auto captioner = load(precision);
    ASSERT_NE(captioner, nullptr);
    DescribeOptions options;
    options.hedge_below = 0.25;
    const auto caption = captioner->describe(darkness().view(), options);
    ASSERT_TRUE(caption.ok()) << caption.error().message;
    EXPECT_EQ(caption.value().text, "perhaps: nothing");
    EXPECT_EQ(caption.value().confidence, 0);
    EXPECT_TRUE(caption.value().tags.empty());
  }
}

TEST_F(RealModelTest, DescribesEveryPictureInWordsItKnows) {
  for (const Precision precision : precisions_) {
    const auto captioner = load(precision);
    ASSERT_NE(captioner, nullptr);
    for (const Image& scene : scenes()) {
      for (const int beam_size : {1, 3}) {
        const Caption caption = describe(*captioner, scene, beam_size);
        EXPECT_NE(caption.text, "");
        EXPECT_GT(caption.confidence, 0.01) << caption.text;
        for (const CaptionWord& word : caption.words)
          EXPECT_EQ(words_.count(word.text), 1U) << word.text;
      }
    }
  }
}

TEST_F(RealModelTest, DoesNotSayTheSameOfEverything) {
  for (const Precision precision : precisions_) {
    const auto captioner = load(precision);
    ASSERT_NE(captioner, nullptr);
    std::set<std::string> captions;
    for (const Image& scene : scenes())
      captions.insert(describe(*captioner, scene, 1).text);
    EXPECT_GT(captions.size(), 1U) << *captions.begin();
  }
}

TEST_F(RealModelTest, SaysTheSameAfterItIsLoadedAgain) {
  for (const Precision precision : precisions_) {
    const auto first = load(precision);
    const auto second = load(precision);
    ASSERT_TRUE(first && second);
    for (const Image& scene : scenes()) {
      const Caption before = describe(*first, scene, 1);
      const Caption after = describe(*second, scene, 1);
      EXPECT_EQ(after.text, before.text);
      EXPECT_EQ(after.confidence, before.confidence);
    }
  }
}

TEST_F(RealModelTest, NeedsNoMoreMemoryWithTime) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps freed memory";
#endif
  constexpr uint64_t kMostGrowth = 1 << 20;
  const Image scene = scenes().front();
  for (const Precision precision : precisions_) {
    const auto captioner = load(precision);
    ASSERT_NE(captioner, nullptr);
    const MemorySampler sampler;
    for (int i = 0; i < 50; ++i)
      describe(*captioner, scene, 1);
    const uint64_t warm = sampler.sample().used_bytes;
    for (int i = 0; i < 100; ++i)
      describe(*captioner, scene, 1);
    EXPECT_LT(sampler.sample().used_bytes, warm + kMostGrowth)
        << (precision == Precision::Int8 ? "int8" : "fp32");
  }
}

}  // namespace
}  // namespace jetsoncaption
