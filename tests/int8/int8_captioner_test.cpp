// SPDX-License-Identifier: LGPL-2.1-or-later
// What the int8 captioner takes and refuses. How it describes is tested with LibTorch's
// (tests/torch/captioner_test.cpp), which computes int8 with the same code.
#include "int8/int8_captioner.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/tiny_model_test.h"
#include "image/test_picture.h"
#include "int8/network.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Int8CaptionerTest : public TinyModelTest {
 protected:
  void expect_refused(ErrorKind kind, const char* words) {
    const auto loaded = load_int8_captioner(options_);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().kind, kind) << loaded.error().message;
    EXPECT_THAT(loaded.error().message, HasSubstr(words));
  }
};

TEST_F(Int8CaptionerTest, DescribesAndSaysWithWhat) {
  const auto loaded = load_int8_captioner(options_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const CaptionerInfo info = loaded.value()->info();
  EXPECT_EQ(info.model_name, "tiny");
  EXPECT_EQ(info.precision, Precision::Int8);
  EXPECT_EQ(info.device, Device::Cpu);
  EXPECT_THAT(info.engine, StartsWith("int8-"));
  EXPECT_THAT(info.version, StartsWith("jetsoncaption "));
  EXPECT_EQ(info.threads, 1);
  EXPECT_EQ(info.self_test, SelfTestOutcome::Passed) << info.self_test_failure;
  const Image picture = make_test_picture(1, 80, 60);
  const auto caption = loaded.value()->describe(picture.view(), {});
  ASSERT_TRUE(caption.ok()) << caption.error().message;
  EXPECT_NE(caption.value().text, "");
}

TEST_F(Int8CaptionerTest, SharesTheModelWithOthersOfTheProcess) {
  const auto first = open_int8_model(directory_.path());
  const auto second = open_int8_model(directory_.path());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first.value(), second.value());
}

TEST_F(Int8CaptionerTest, ReadsAModelAnewThatWasReplaced) {
  const auto first = open_int8_model(directory_.path());
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(write_tiny_bundle(directory_.path(), 2).ok());
  const auto second = open_int8_model(directory_.path());
  ASSERT_TRUE(second.ok());
  EXPECT_NE(first.value(), second.value());
}

TEST_F(Int8CaptionerTest, GivesUpTheModelWithItsLastUser) {
  std::weak_ptr<const Int8Model> model;
  {
    const auto loaded = load_int8_captioner(options_);
    ASSERT_TRUE(loaded.ok());
    model = open_int8_model(directory_.path()).value();
    EXPECT_FALSE(model.expired());
  }
  EXPECT_TRUE(model.expired());
}

// Run with ThreadSanitizer this also shows that what is shared is only read.
TEST_F(Int8CaptionerTest, DescribesInSeveralThreadsAtATime) {
  constexpr int kThreads = 4;
  std::vector<std::string> texts(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const auto captioner = load_int8_captioner(options_);
      for (int number = 0; captioner.ok() && number < 8; ++number) {
        const Image picture = make_test_picture(number, 80, 60);
        const auto caption = captioner.value()->describe(picture.view(), {});
        texts[static_cast<size_t>(i)] += caption.ok() ? caption.value().text + "; " : "failed; ";
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_NE(texts[0], "");
  EXPECT_EQ(texts, std::vector<std::string>(kThreads, texts[0]));
}

TEST_F(Int8CaptionerTest, RefusesWhatNeedsLibTorch) {
  options_.device = Device::Cuda;
  expect_refused(ErrorKind::Unsupported, "engine with LibTorch");
  options_.device = Device::Auto;
  options_.precision = Precision::Fp32;
  expect_refused(ErrorKind::Unsupported, "Precision fp32");
}

TEST_F(Int8CaptionerTest, SaysHowToMakeInt8WeightsWhereThereAreNone) {
  ASSERT_EQ(unlink(directory_.file("model-int8.safetensors").c_str()), 0);
  expect_refused(ErrorKind::NotFound, "jetsoncaption quantize");
}

TEST_F(Int8CaptionerTest, SaysThatThereIsNoBundle) {
  options_.model_dir = "/nowhere";
  expect_refused(ErrorKind::NotFound, "/nowhere");
  options_.model_dir.clear();
  expect_refused(ErrorKind::InvalidArgument, "No model was named");
}

TEST_F(Int8CaptionerTest, RefusesThreadsOutOfRange) {
  options_.threads = 65;
  expect_refused(ErrorKind::InvalidArgument, "threads is 65");
}

}  // namespace
}  // namespace jetsoncaption
