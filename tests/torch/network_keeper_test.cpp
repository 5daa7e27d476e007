// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes of a network when the memory of the GPU runs out. No GPU is needed for it: the
// networks here only throw what LibTorch throws.
#include "torch/network_keeper.h"

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <c10/util/Exception.h>

namespace jetsoncaption {
namespace {

constexpr char kCudaWords[] =
    "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 3.87 GiB total capacity)\nIf reserved "
    "memory is much larger, try setting max_split_size_mb.";

[[noreturn]] void throw_cuda_out_of_memory() {
  TORCH_CHECK(false, kCudaWords);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A network that does nothing and counts how many of its kind there are.
class FakeNetwork : public CaptionNetwork {
 public:
  FakeNetwork(const char* kernels, int& alive) : kernels_(kernels), alive_(alive) { ++alive_; }
  ~FakeNetwork() override { --alive_; }
  int vocabulary_size() const override { return 1; }
  void step(const std::vector<int>&, const std::vector<int>&, std::vector<float>&) override {}
  void copy_attention(std::vector<float>&) const override {}
  void look_at(const uint8_t*) override {}
  const char* kernels() const override { return kernels_; }
  const std::vector<Tag>& tags() const override { return tags_; }

 private:
  const std::vector<Tag> tags_;
  const char* const kernels_;
  int& alive_;
};

class NetworkKeeperTest : public testing::Test {
 protected:
  using Maker = NetworkKeeper::Maker;

  Maker gpu_maker() {
    return [this]() -> Result<LoadedNetwork> {
      log_.emplace_back("make gpu");
      if (gpu_makes_that_fail_-- > 0)
        throw_cuda_out_of_memory();
      return make("gpu", on_gpu_);
    };
  }

  Maker cpu_maker() {
    return [this]() -> Result<LoadedNetwork> {
      log_.emplace_back("make cpu");
      EXPECT_EQ(on_gpu_, 0) << "both need the same memory";
      if (cpu_makes_that_fail_-- > 0)
        return Error{ErrorKind::OutOfMemory, "There is no room for it."};
      return make("cpu", on_cpu_);
    };
  }

  NetworkKeeper keeper_on_gpu() {
    return NetworkKeeper({gpu_maker(), cpu_maker(), [this] { log_.emplace_back("release"); }});
  }
  NetworkKeeper keeper_on_cpu() {
    return NetworkKeeper({nullptr, cpu_maker(), [this] { log_.emplace_back("release"); }});
  }

  // Works on the CPU, and on the GPU unless that is to fail.
  NetworkKeeper::Work work() {
    return [this](const LoadedNetwork& loaded) {
      log_.push_back(std::string("work ") + loaded.network->kernels());
      if (std::string(loaded.network->kernels()) == "gpu" && gpu_works_that_fail_-- > 0)
        throw_cuda_out_of_memory();
    };
  }

  static LoadedNetwork make(const char* kernels, int& alive) {
    LoadedNetwork made;
    made.network = std::make_unique<FakeNetwork>(kernels, alive);
    return made;
  }

  int gpu_makes_that_fail_ = 0;
  int gpu_works_that_fail_ = 0;
  int cpu_makes_that_fail_ = 0;
  int on_gpu_ = 0;  // networks that are alive
  int on_cpu_ = 0;
  std::vector<std::string> log_;
};

using Log = std::vector<std::string>;

TEST_F(NetworkKeeperTest, MakesTheNetworkOnceAndStaysOnTheGpu) {
  NetworkKeeper keeper = keeper_on_gpu();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make gpu", "work gpu", "work gpu"}));
  EXPECT_EQ(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, TriesAgainAfterTheCacheWasReleased) {
  gpu_works_that_fail_ = 1;
  NetworkKeeper keeper = keeper_on_gpu();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make gpu", "work gpu", "release", "work gpu"}));
  EXPECT_EQ(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, GoesOnOnTheCpuAfterTheSecondFailure) {
  gpu_works_that_fail_ = 2;
  NetworkKeeper keeper = keeper_on_gpu();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make gpu", "work gpu", "release", "work gpu", "release", "make cpu",
                       "work cpu"}));
  EXPECT_EQ(on_gpu_, 0);
  EXPECT_EQ(on_cpu_, 1);
}

TEST_F(NetworkKeeperTest, SaysInASentenceWhyItLeftTheGpu) {
  gpu_works_that_fail_ = 2;
  NetworkKeeper keeper = keeper_on_gpu();
  ASSERT_TRUE(keeper.run(work()).ok());
  EXPECT_TRUE(contains(keeper.fallback(), "The memory of the GPU ran out")) << keeper.fallback();
  EXPECT_TRUE(contains(keeper.fallback(), "choose device cpu")) << keeper.fallback();
  EXPECT_TRUE(contains(keeper.fallback(), "Tried to allocate 20.00 MiB")) << keeper.fallback();
  EXPECT_FALSE(contains(keeper.fallback(), "max_split_size_mb")) << "only the first line";
}

TEST_F(NetworkKeeperTest, NeverGoesBackToTheGpu) {
  gpu_works_that_fail_ = 2;
  NetworkKeeper keeper = keeper_on_gpu();
  ASSERT_TRUE(keeper.run(work()).ok());
  const std::string why = keeper.fallback();
  log_.clear();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"work cpu"}));
  EXPECT_EQ(keeper.fallback(), why);
}

TEST_F(NetworkKeeperTest, DoesTheSameWhenTheNetworkDoesNotFitInTheFirstPlace) {
  gpu_makes_that_fail_ = 2;
  NetworkKeeper keeper = keeper_on_gpu();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make gpu", "release", "make gpu", "release", "make cpu", "work cpu"}));
  EXPECT_NE(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, MakesItOnTheGpuAtTheSecondTry) {
  gpu_makes_that_fail_ = 1;
  NetworkKeeper keeper = keeper_on_gpu();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make gpu", "release", "make gpu", "work gpu"}));
  EXPECT_EQ(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, ReportsThatTheCpuHasNoRoomEitherAndTriesThereAgain) {
  gpu_works_that_fail_ = 2;
  cpu_makes_that_fail_ = 1;
  NetworkKeeper keeper = keeper_on_gpu();
  const auto done = keeper.run(work());
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, ErrorKind::OutOfMemory);
  EXPECT_TRUE(contains(done.error().message, "cannot be loaded on the CPU instead: There is no"))
      << done.error().message;
  EXPECT_EQ(keeper.fallback(), "") << "it is nowhere yet";
  EXPECT_EQ(on_gpu_ + on_cpu_, 0);

  log_.clear();
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_EQ(log_, (Log{"make cpu", "work cpu"}));
  EXPECT_NE(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, DoesNotFallBackFromTheCpu) {
  NetworkKeeper keeper = keeper_on_cpu();
  int runs = 0;
  const auto done = keeper.run([&](const LoadedNetwork&) {
    ++runs;
    throw std::bad_alloc();
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(log_, (Log{"make cpu"}));
  EXPECT_EQ(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, LeavesOtherErrorsAlone) {
  NetworkKeeper keeper = keeper_on_gpu();
  const auto done = keeper.run(
      [](const LoadedNetwork&) { throw std::runtime_error("CUDA error: no kernel image"); });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, ErrorKind::Internal);
  EXPECT_EQ(log_, (Log{"make gpu"}));
  EXPECT_EQ(keeper.fallback(), "");
}

TEST_F(NetworkKeeperTest, KnowsTheWordsOfEveryLibraryThatRunsOut) {
  for (const char* words :
       {"CUDA out of memory. Tried to allocate 2.00 MiB", "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "NVML_SUCCESS == r INTERNAL ASSERT FAILED at \"CUDACachingAllocator.cpp\":1154"}) {
    NetworkKeeper keeper = keeper_on_gpu();
    const auto done = keeper.run([&](const LoadedNetwork& loaded) {
      if (std::string(loaded.network->kernels()) == "gpu")
        throw std::runtime_error(words);
    });
    EXPECT_TRUE(done.ok()) << words;
    EXPECT_NE(keeper.fallback(), "") << words;
  }
}

TEST_F(NetworkKeeperTest, BearsACacheThatCannotBeReleased) {
  gpu_works_that_fail_ = 2;
  NetworkKeeper keeper({gpu_maker(), cpu_maker(), [] { throw_cuda_out_of_memory(); }});
  EXPECT_TRUE(keeper.run(work()).ok());
  EXPECT_NE(keeper.fallback(), "");
}

}  // namespace
}  // namespace jetsoncaption
