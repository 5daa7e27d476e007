// SPDX-License-Identifier: LGPL-2.1-or-later
// What a captioner says and does when the memory of the GPU runs out. The GPU here is a network on
// the CPU that throws what LibTorch throws.
#include "torch/torch_captioner.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>

#include "base/log.h"
#include "fakes/tiny_model_test.h"
#include "image/test_picture.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

// Runs out of memory at so many pictures, and then works.
class ScarceNetwork : public CaptionNetwork {
 public:
  ScarceNetwork(std::unique_ptr<CaptionNetwork> network, int& failures)
      : network_(std::move(network)), failures_(failures) {}

  int vocabulary_size() const override { return network_->vocabulary_size(); }
  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities) override {
    network_->step(parents, words, log_probabilities);
  }
  void copy_attention(std::vector<float>& maps) const override { network_->copy_attention(maps); }
  void look_at(const uint8_t* rgb) override {
    TORCH_CHECK(failures_-- <= 0, "CUDA out of memory. Tried to allocate 2.00 MiB");
    network_->look_at(rgb);
  }
  const char* kernels() const override { return network_->kernels(); }
  const std::vector<Tag>& tags() const override { return network_->tags(); }

 private:
  const std::unique_ptr<CaptionNetwork> network_;
  int& failures_;
};

class TorchCaptionerTest : public TinyModelTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(TinyModelTest::SetUp());
    set_log_sink([this](LogLevel, const std::string& message) { logged_.push_back(message); });
  }
  void TearDown() override { set_log_sink({}); }

  Result<OpenedNetwork> open(const CaptionerOptions& options, Device device, Precision precision) {
    const Error out_of_memory{ErrorKind::OutOfMemory, "There is no room."};
    if (device == Device::Cuda && gpu_opens_that_fail_-- > 0)
      return out_of_memory;
    if (device == Device::Cpu && cpu_opens_that_fail_-- > 0)
      return out_of_memory;
    auto opened = open_network(options, Device::Cpu, precision);
    if (opened.ok() && device == Device::Cuda) {
      auto& network = opened.value().loaded.network;
      network = std::make_unique<ScarceNetwork>(std::move(network), gpu_pictures_that_fail_);
      opened.value().info.device = Device::Cuda;
    }
    return opened;
  }

  Result<std::unique_ptr<Captioner>> try_to_load(Device device, Precision precision) {
    return load_torch_captioner(options_, device, precision,
                                [this](const CaptionerOptions& options, Device on, Precision with) {
                                  return open(options, on, with);
                                });
  }

  std::unique_ptr<Captioner> load(Device device, Precision precision) {
    auto loaded = try_to_load(device, precision);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? std::move(loaded.value()) : nullptr;
  }

  static Result<Caption> describe(Captioner& captioner) {
    const Image picture = make_test_picture(1, 80, 60);
    return captioner.describe(picture.view(), {});
  }

  std::string caption_on_cpu(Precision precision) {
    const auto captioner = load(Device::Cpu, precision);
    const auto caption = describe(*captioner);
    EXPECT_TRUE(caption.ok());
    return caption.value().text;
  }

  int gpu_opens_that_fail_ = 0;
  int gpu_pictures_that_fail_ = 0;
  int cpu_opens_that_fail_ = 0;
  std::vector<std::string> logged_;
};

TEST_F(TorchCaptionerTest, MovesToTheCpuInTheMiddleOfItsWorkAndSaysSo) {
  const std::string expected = caption_on_cpu(Precision::Int8);
  const auto captioner = load(Device::Cuda, Precision::Fp32);
  EXPECT_EQ(captioner->info().device, Device::Cuda);
  EXPECT_EQ(captioner->info().precision, Precision::Fp32);

  gpu_pictures_that_fail_ = 2;
  const auto caption = describe(*captioner);

  ASSERT_TRUE(caption.ok()) << caption.error().message;
  EXPECT_EQ(caption.value().text, expected);
  const CaptionerInfo info = captioner->info();
  EXPECT_EQ(info.device, Device::Cpu);
  EXPECT_EQ(info.precision, Precision::Int8);
  EXPECT_THAT(info.device_fallback, HasSubstr("The memory of the GPU ran out"));
  EXPECT_THAT(info.device_fallback, HasSubstr("Tried to allocate 2.00 MiB"));
  EXPECT_EQ(logged_, std::vector<std::string>{info.device_fallback});
}

TEST_F(TorchCaptionerTest, SaysItOnce) {
  const auto captioner = load(Device::Cuda, Precision::Fp32);
  gpu_pictures_that_fail_ = 2;
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(describe(*captioner).ok());
  EXPECT_EQ(logged_.size(), 1U);
  EXPECT_NE(captioner->info().device_fallback, "");
}

TEST_F(TorchCaptionerTest, TakesTheOtherWeightsWhereThereIsNoInt8) {
  unlink(directory_.file("model-int8.safetensors").c_str());
  const auto captioner = load(Device::Cuda, Precision::Fp16);
  gpu_pictures_that_fail_ = 2;
  EXPECT_TRUE(describe(*captioner).ok());
  EXPECT_EQ(captioner->info().device, Device::Cpu);
  EXPECT_EQ(captioner->info().precision, Precision::Fp32);
}

TEST_F(TorchCaptionerTest, StaysOnTheGpuWhenTheSecondTryWorks) {
  const auto captioner = load(Device::Cuda, Precision::Fp32);
  gpu_pictures_that_fail_ = 1;
  EXPECT_TRUE(describe(*captioner).ok());
  EXPECT_EQ(captioner->info().device, Device::Cuda);
  EXPECT_EQ(captioner->info().device_fallback, "");
  EXPECT_TRUE(logged_.empty());
}

TEST_F(TorchCaptionerTest, BeginsOnTheCpuWhenTheGpuHasNoRoomForTheModel) {
  gpu_opens_that_fail_ = 2;
  const auto captioner = load(Device::Cuda, Precision::Fp32);
  EXPECT_EQ(captioner->info().device, Device::Cpu);
  EXPECT_EQ(captioner->info().precision, Precision::Int8);
  EXPECT_NE(captioner->info().device_fallback, "");
  EXPECT_EQ(logged_.size(), 1U);
  EXPECT_TRUE(describe(*captioner).ok());
}

TEST_F(TorchCaptionerTest, ReportsThatThereIsNoRoomAnywhereAndRecovers) {
  const auto captioner = load(Device::Cuda, Precision::Fp32);
  gpu_pictures_that_fail_ = 2;
  cpu_opens_that_fail_ = 1;

  const auto failed = describe(*captioner);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(failed.error().message, HasSubstr("cannot be loaded on the CPU instead"));
  EXPECT_EQ(captioner->info().device_fallback, "") << "it is not on the CPU";

  EXPECT_TRUE(describe(*captioner).ok());
  EXPECT_EQ(captioner->info().device, Device::Cpu);
  EXPECT_NE(captioner->info().device_fallback, "");
}

TEST_F(TorchCaptionerTest, IsNotLoadedWhereThereIsNoRoomAnywhere) {
  gpu_opens_that_fail_ = 2;
  cpu_opens_that_fail_ = 1;
  const auto loaded = try_to_load(Device::Cuda, Precision::Fp32);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::OutOfMemory);
}

TEST_F(TorchCaptionerTest, DoesNotMoveFromTheCpu) {
  cpu_opens_that_fail_ = 1;
  const auto loaded = try_to_load(Device::Cpu, Precision::Fp32);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(loaded.error().message, "There is no room.");
}

}  // namespace
}  // namespace jetsoncaption
