// SPDX-License-Identifier: LGPL-2.1-or-later
// A captioner behind the C boundary says the same as without it.
#include "engine/engine_captioner.h"

#include <memory>
#include <utility>

#include "fakes/tiny_model_test.h"
#include "image/test_picture.h"
#include "int8/int8_captioner.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

class EngineCaptionerTest : public TinyModelTest {
 protected:
  std::unique_ptr<Captioner> load(EngineKind kind) {
    const auto library = open_engine(kind);
    EXPECT_TRUE(library.ok()) << library.error().message;
    auto loaded = load_engine_captioner(library.value(), options_);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? std::move(loaded.value()) : nullptr;
  }
};

TEST_F(EngineCaptionerTest, SaysWhatTheCaptionerBehindItSays) {
  const auto door = load(EngineKind::Int8);
  const auto direct = load_int8_captioner(options_);
  ASSERT_TRUE(direct.ok()) << direct.error().message;
  DescribeOptions options;
  options.beam_size = 3;
  options.attention = true;
  for (int number = 0; number < 4; ++number) {
    const Image picture = make_test_picture(number, 80, 60);
    for (const double weight : {-1.0, 0.0, 0.5}) {
      options.tag_weight = weight;
      const auto here = direct.value()->describe(picture.view(), options);
      const auto there = door->describe(picture.view(), options);
      ASSERT_TRUE(here.ok() && there.ok());
      EXPECT_EQ(there.value().text, here.value().text);
      EXPECT_EQ(there.value().confidence, here.value().confidence);
      ASSERT_EQ(there.value().words.size(), here.value().words.size());
      for (size_t i = 0; i < here.value().words.size(); ++i) {
        EXPECT_EQ(there.value().words[i].text, here.value().words[i].text);
        EXPECT_EQ(there.value().words[i].probability, here.value().words[i].probability);
        EXPECT_EQ(there.value().words[i].attention, here.value().words[i].attention);
      }
    }
  }
  EXPECT_EQ(door->last_times().steps, direct.value()->last_times().steps);
}

TEST_F(EngineCaptionerTest, WritesTheWordsAlsoWithoutAttention) {
  const Image picture = make_test_picture(1, 80, 60);
  const auto caption = load(EngineKind::Int8)->describe(picture.view(), {});
  ASSERT_TRUE(caption.ok());
  ASSERT_FALSE(caption.value().words.empty());
  EXPECT_NE(caption.value().words[0].text, "");
  EXPECT_TRUE(caption.value().words[0].attention.empty());
}

TEST_F(EngineCaptionerTest, TellsWhatWasLoaded) {
  options_.precision = Precision::Fp32;
  const CaptionerInfo info = load(EngineKind::Torch)->info();
  EXPECT_EQ(info.model_name, "tiny");
  EXPECT_EQ(info.device, Device::Cpu);
  EXPECT_EQ(info.precision, Precision::Fp32);
  EXPECT_EQ(info.engine, "torch");
  EXPECT_THAT(info.version, HasSubstr("LibTorch"));
  EXPECT_EQ(info.self_test, SelfTestOutcome::Passed);
}

TEST_F(EngineCaptionerTest, HandsErrorsOn) {
  const auto library = open_engine(EngineKind::Int8);
  ASSERT_TRUE(library.ok());
  options_.model_dir = "/nowhere";
  const auto missing = load_engine_captioner(library.value(), options_);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere"));

  options_.model_dir = directory_.path();
  DescribeOptions wrong;
  wrong.beam_size = 99;
  const Image picture = make_test_picture(1, 80, 60);
  EXPECT_EQ(load(EngineKind::Int8)->describe(picture.view(), wrong).error().kind,
            ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace jetsoncaption
