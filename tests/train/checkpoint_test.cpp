// SPDX-License-Identifier: LGPL-2.1-or-later
// A checkpoint takes the place of the one before it only when it is complete.
#include "train/checkpoint.h"

#include <csignal>
#include <string>
#include <vector>

#include <torch/types.h>

#include "fakes/temporary_directory.h"
#include "train/stage_optimizer.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

namespace jetsoncaption {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

// While it lives no file can become larger than that, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(size_t limit_bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = limit_bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_{};
};

// A decoder of one tensor, all of whose values are the number of the epoch.
struct Learner {
  explicit Learner(int epoch)
      : parameters{{"decoder.x", torch::full({64, 64}, static_cast<double>(epoch))}},
        average{{"decoder.x", torch::full({64, 64}, epoch + 0.5)}},
        optimizer(Stage::Decoder, options, parameters) {
    optimizer.step(parameters.at("decoder.x").sum(), 0);  // the learning rate is 0 then
  }

  double weight() const { return parameters.at("decoder.x").mean().item<double>(); }
  double average_weight() const { return average.at("decoder.x").mean().item<double>(); }

  const TrainOptions options;
  NamedTensors parameters;
  NamedTensors average;
  StageOptimizer optimizer;
  StageProgress progress;
};

class CheckpointTest : public testing::Test {
 protected:
  Result<void> save(int epoch) const {
    Learner learner(epoch);
    return checkpoint_.save(learner.parameters, learner.average, learner.optimizer.adam(),
                            {epoch, epoch / 10.0});
  }

  void expect_loaded(int epoch) const {
    Learner learner(0);
    const auto loaded = checkpoint_.load(learner.parameters, learner.average,
                                         learner.optimizer.adam(), learner.progress);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ(learner.progress.epochs, epoch);
    EXPECT_EQ(learner.progress.best_worth, epoch / 10.0);
    EXPECT_EQ(learner.weight(), epoch);
    EXPECT_EQ(learner.average_weight(), epoch + 0.5);
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    DIR* directory = opendir(work_.path().c_str());
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] != '.')
        names.push_back(entry->d_name);
    }
    closedir(directory);
    return names;
  }

  TemporaryDirectory work_;
  const Checkpoint checkpoint_{work_.path(), Stage::Decoder};
};

TEST_F(CheckpointTest, IsTheLastEpoch) {
  for (int epoch = 1; epoch <= 3; ++epoch) {
    ASSERT_TRUE(save(epoch).ok());
    expect_loaded(epoch);
  }
}

TEST_F(CheckpointTest, LeavesEverythingAsItIsWhenThereIsNone) {
  Learner learner(7);
  ASSERT_TRUE(
      checkpoint_
          .load(learner.parameters, learner.average, learner.optimizer.adam(), learner.progress)
          .ok());
  EXPECT_EQ(learner.progress.epochs, 0);
  EXPECT_EQ(learner.weight(), 7);
}

TEST_F(CheckpointTest, IsTheEpochBeforeWhenTheDiskIsFull) {
  ASSERT_TRUE(save(1).ok());
  const size_t weights = work_.read("checkpoint-decoder-odd.safetensors").size();
  ASSERT_LT(weights, work_.read("checkpoint-decoder-odd.optimizer").size());

  // There is room for nothing, and for the weights but not for the optimizer.
  for (const size_t room : {weights / 2, weights}) {
    const auto saved = [&] {
      const FullDisk disk(room);
      return save(2);
    }();
    EXPECT_FALSE(saved.ok()) << room;
    expect_loaded(1);
  }
  ASSERT_TRUE(save(2).ok());
  expect_loaded(2);
}

TEST_F(CheckpointTest, KeepsTheFilesOfOneEpoch) {
  for (int epoch = 1; epoch <= 2; ++epoch)
    ASSERT_TRUE(save(epoch).ok());
  EXPECT_THAT(files(),
              UnorderedElementsAre("checkpoint-decoder.json", "checkpoint-decoder-even.optimizer",
                                   "checkpoint-decoder-even.safetensors"));
}

}  // namespace
}  // namespace jetsoncaption
