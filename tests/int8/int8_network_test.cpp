// SPDX-License-Identifier: LGPL-2.1-or-later
// A picture has the same caption with every instruction set.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/operator_new.h"
#include "fakes/scoped_variable.h"
#include "fakes/tiny_bundle.h"
#include "fakes/tiny_bundle_files.h"
#include "image/test_picture.h"
#include "int8/kernels.h"
#include "int8/network.h"

namespace jetsoncaption {
namespace {

constexpr int kPlenty = std::numeric_limits<int>::max();
int allocations_left = kPlenty;  // until one fails, and all after it

}  // namespace

bool next_allocation_fails() {
  return allocations_left != kPlenty && --allocations_left < 0;
}

namespace {

constexpr int kPictures = 20;
constexpr int kWords = 6;

struct Answers {
  std::vector<int> words;
  std::vector<float> scores, attention, tags;
};

// FNV-1a over the bits of all numbers.
uint64_t fingerprint(const Answers& answers) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const auto* numbers : {&answers.scores, &answers.attention, &answers.tags}) {
    for (const float number : *numbers) {
      uint32_t bits;
      std::memcpy(&bits, &number, sizeof bits);
      hash = (hash ^ bits) * 0x100000001b3U;
    }
  }
  return hash;
}

// Of the tiny bundle without and with tags. They change with the rules of rounding alone.
constexpr uint64_t kFingerprints[] = {0xe5b30e1b5eda2482U, 0x31cb511757972c04U};

class Int8NetworkTest : public testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<CaptionNetwork> network(const std::string& kernels) {
    const ScopedVariable chosen("JETSONCAPTION_CPU", kernels);
    return make_int8_network(*bundle_);
  }

  // All that the network says of some pictures, in two sentences a picture, word by word.
  Answers describe(CaptionNetwork& network) {
    Answers answers;
    std::vector<float> scores, maps;
    for (int number = 0; number < kPictures; ++number) {
      const Image picture =
          make_test_picture(number, bundle_->config.input_width, bundle_->config.input_height);
      network.look_at(picture.pixels.data());
      std::vector<int> words{bundle_->config.tokens.start};
      std::vector<int> parents{0};
      for (int i = 0; i < kWords; ++i) {
        network.step(parents, words, scores);
        network.copy_attention(maps);
        answers.scores.insert(answers.scores.end(), scores.begin(), scores.end());
        answers.attention.insert(answers.attention.end(), maps.begin(), maps.end());
        const auto likeliest =
            std::max_element(scores.begin(), scores.begin() + network.vocabulary_size());
        const int word = static_cast<int>(likeliest - scores.begin());
        answers.words.push_back(word);
        parents = {0, 0};
        words = {word, (word + 5) % network.vocabulary_size()};
      }
      for (const Tag& tag : network.tags())
        answers.tags.push_back(tag.probability);
    }
    return answers;
  }

  const TinyBundleFiles files_{GetParam()};
  const std::unique_ptr<Bundle> bundle_ = files_.open(WeightFile::Int8);
};

TEST_P(Int8NetworkTest, SaysTheSameWithEveryInstructionSet) {
  const auto plain = network("reference");
  ASSERT_STREQ(plain->kernels(), "int8-reference");
  const Answers expected = describe(*plain);
  for (const Int8Kernels* kernels : runnable_int8_kernels()) {
    SCOPED_TRACE(kernels->name);
    const auto fast = network(kernels->name);
    ASSERT_STREQ(fast->kernels(), kernels->network_name);
    const Answers answers = describe(*fast);
    EXPECT_EQ(answers.words, expected.words);
    EXPECT_EQ(answers.scores, expected.scores);
    EXPECT_EQ(answers.attention, expected.attention);
    EXPECT_EQ(answers.tags, expected.tags);
  }
}

TEST_P(Int8NetworkTest, GivesTheseBitsOnEveryProcessor) {
  EXPECT_EQ(fingerprint(describe(*network(""))), kFingerprints[GetParam() ? 1 : 0]);
}

TEST_P(Int8NetworkTest, TakesTheFastestKernelsWhereNoneAreNamedOrNoneAreKnown) {
  const char* const fastest = runnable_int8_kernels().back()->network_name;
  EXPECT_STREQ(network("")->kernels(), fastest);
  EXPECT_STREQ(network("abacus")->kernels(), fastest);
}

// What is made for the first picture is whole or made anew: the element keeps the engine then.
TEST_P(Int8NetworkTest, GoesOnAfterMemoryRanOutInTheFirstPicture) {
  const Answers expected = describe(*network(""));
  const Image picture =
      make_test_picture(0, bundle_->config.input_width, bundle_->config.input_height);
  bool has_failed = true;
  int failures = 0;
  for (; has_failed; ++failures) {
    ASSERT_LT(failures, 1000);
    const auto poor = network("");
    allocations_left = failures;
    try {
      poor->look_at(picture.pixels.data());
    } catch (const std::bad_alloc&) {
    }
    has_failed = allocations_left < 0;
    allocations_left = kPlenty;
    EXPECT_EQ(describe(*poor).scores, expected.scores) << "after " << failures << " allocations";
  }
  EXPECT_GT(failures, 3) << "nothing was tested";
}

INSTANTIATE_TEST_SUITE_P(Tags, Int8NetworkTest, testing::Bool());

}  // namespace
}  // namespace jetsoncaption
