// SPDX-License-Identifier: LGPL-2.1-or-later
// A training that was interrupted goes on as if nothing had happened.
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "colours.h"
#include "fakes/tiny_bundle.h"
#include "train/trainer.h"
#include "workshop.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Resumes and adds to the log what is left of the training. Returns what it says of itself.
std::string go_on(TrainOptions options, Log& log) {
  options.resume = true;
  std::string notice;
  const auto trained = train_epochs(options, -1, log, &notice);
  EXPECT_TRUE(trained.ok()) << trained.error().message;
  return notice;
}

// "decoder 3": the epochs of a log.
std::vector<std::string> epochs_of(const Log& log) {
  std::vector<std::string> epochs;
  for (const auto& entry : log) {
    epochs.push_back(entry.at("stage").get<std::string>() + " " +
                     std::to_string(entry.at("epoch").get<int>()));
  }
  return epochs;
}

// As versions wrote the checkpoints that did not say what they began on.
void forget_beginnings(const Workshop& workshop) {
  for (const std::string stage : {"decoder", "joint", "reward"}) {
    const std::string name = "checkpoint-" + stage + ".json";
    auto progress = nlohmann::json::parse(workshop.work_.read(name), nullptr, false);
    if (!progress.is_object())
      continue;
    progress.erase("begun_on");
    workshop.work_.write(name, progress.dump());
  }
}

TEST(Resume, ResumesAfterTheLastFinishedEpochAsIfNothingHadHappened) {
  const Workshop uninterrupted;
  const Log expected = train_all(uninterrupted.short_options());
  const auto epochs = static_cast<int>(expected.size());
  ASSERT_EQ(epochs, 6) << "two a stage, so that each stage is cut once in and once after it";

  for (int finished = 1; finished <= epochs; ++finished) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    Log log;
    const auto cut = train_epochs(options, finished, log);
    ASSERT_FALSE(cut.ok());
    EXPECT_THAT(cut.error().message, HasSubstr("the power failed"));

    go_on(options, log);
    EXPECT_EQ(log, expected) << "cut after " << finished << " epochs";
    EXPECT_EQ(workshop.output_.read("model.safetensors"),
              uninterrupted.output_.read("model.safetensors"));
  }
}

TEST(Resume, NeverBeginsAnewWhereAnEarlierRunHasCheckpoints) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  Log log;
  ASSERT_FALSE(train_epochs(options, 1, log).ok());
  const std::string checkpoint = workshop.work_.read("checkpoint-decoder.json");
  const auto begun = train_epochs(options, -1, log);
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(begun.error().message, HasSubstr("has checkpoints of an earlier run"));
  EXPECT_THAT(begun.error().message, HasSubstr("--resume"));
  EXPECT_EQ(workshop.work_.read("checkpoint-decoder.json"), checkpoint);
  EXPECT_EQ(workshop.written_log(), log) << "and its log";
}

TEST(Resume, NamesWhatIsNotAsItWasAndGoesOnOnlyWithTheSame) {
  struct Change {
    std::function<void(const Workshop&, TrainOptions&)> make;
    std::string words;
  };
  const std::vector<Change> changes = {
      {[](const Workshop&, TrainOptions& options) { options.seed = 2; }, "--seed was 1 and is 2"},
      {[](const Workshop&, TrainOptions& options) { options.batch = 3; }, "--batch was 2 and is 3"},
      {[](const Workshop&, TrainOptions& options) { options.decoder.decoder_learning_rate = 0.5; },
       "--decoder-rate was 0.01 and is 0.5"},
      {[](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt",
                              workshop.data_.read("captions.txt") + "red.png\tA thing .\n");
       },
       "the vocabulary was "},
      {[](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("list.txt", "red.png\ngreen.png\n");
       },
       "what is learnt from was 6 pictures"},
      {[](const Workshop& workshop, TrainOptions& options) {
         options.teacher_model = workshop.output_.path() + "/teacher";
         ASSERT_TRUE(write_tiny_bundle(options.teacher_model, 1).ok());
       },
       "--teacher-model was none and is "},
      {[](const Workshop& workshop, TrainOptions& options) {
         options.start = workshop.output_.path() + "/start";
         ASSERT_TRUE(write_tiny_bundle(options.start, 1).ok());
       },
       "--start was none and is "},
      {[](const Workshop&, TrainOptions& options) { options.bfloat16 = true; },
       "--bfloat16 was off and is on"},
      {[](const Workshop& workshop, TrainOptions&) {
         auto described = nlohmann::json::parse(workshop.data_.read("backbone.json"));
         described["input"]["offset"] = 0.0;
         workshop.data_.write("backbone.json", described.dump());
       },
       "the input of the encoder was 64x64"},
  };
  for (const Change& change : changes) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    Log log;
    ASSERT_FALSE(train_epochs(options, 1, log).ok());
    options.resume = true;
    change.make(workshop, options);
    const auto resumed = train_epochs(options, -1, log);
    ASSERT_FALSE(resumed.ok()) << change.words;
    EXPECT_EQ(resumed.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(resumed.error().message, HasSubstr(change.words));
  }
}

TEST(Resume, MayTrainLongerThanItBegan) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.joint.epochs = options.reward.epochs = 0;
  train_all(options);
  options.decoder.epochs = 3;
  options.reward.epochs = 1;
  options.reward.decoder_learning_rate = 1e-3;
  options.resume = true;
  EXPECT_EQ(train_all(options).size(), 2U);
}

// What MoreEpochs expects to be learnt: a decoder that was made longer before anything came after
// it. Long enough to be better than the short one; else what comes after has nothing new to begin
// with.
class MoreEpochs : public testing::Test {
 protected:
  static constexpr int kLonger = 80;
  static constexpr int kMore = kLonger - 2;  // of the decoder, than the short one has

  static TrainOptions longer(TrainOptions options) {
    options.decoder.epochs = kLonger;
    return options;
  }
  void SetUp() override {
    TrainOptions options = expected_.short_options();
    options.joint.epochs = options.reward.epochs = 0;
    train_all(options);
    log_.clear();
    go_on(longer(expected_.short_options()), log_);
    ASSERT_EQ(log_.size(), size_t{kMore + 4});
    ASSERT_GT(log_[kMore - 1]["dev"][0]["cider_d"], 0.0);
  }
  std::string expected_weights() const { return expected_.output_.read("model.safetensors"); }

  // Trains a short one, lets `change` do something to its work folder, makes it longer, cuts that
  // after so many epochs, and goes on.
  void expect_nothing_is_lost(int finished, const std::function<void(const Workshop&)>& change) {
    const Workshop workshop;
    train_all(workshop.short_options());
    change(workshop);
    TrainOptions options = longer(workshop.short_options());
    options.resume = true;
    Log log;
    ASSERT_FALSE(train_epochs(options, finished, log).ok());
    go_on(options, log);
    EXPECT_EQ(log, log_) << "cut after " << finished << " epochs";
    EXPECT_EQ(workshop.output_.read("model.safetensors"), expected_weights());
  }

  const Workshop expected_;
  Log log_;  // of what was added to the first two epochs
};

TEST_F(MoreEpochs, OfAnEarlierStageAreWhatTheLaterOnesBeginWith) {
  const Workshop workshop;
  train_all(workshop.short_options());
  Log log;
  const std::string notice = go_on(longer(workshop.short_options()), log);
  EXPECT_EQ(log, log_);
  EXPECT_EQ(workshop.output_.read("model.safetensors"), expected_weights());
  EXPECT_THAT(notice, AllOf(HasSubstr("The stage 'joint' is trained anew"),
                            HasSubstr("The stage 'reward' is trained anew")));

  log.clear();
  EXPECT_THAT(go_on(longer(workshop.short_options()), log), Not(HasSubstr("anew")));
  EXPECT_THAT(log, IsEmpty()) << "all is done";
}

TEST_F(MoreEpochs, OfAnEarlierStageAreNotLostByAnInterruption) {
  for (const int finished : {1, kMore - 1, kMore, kMore + 1, kMore + 2, kMore + 3, kMore + 4})
    expect_nothing_is_lost(finished, [](const Workshop&) {});
}

TEST_F(MoreEpochs, AreNotLostEitherWhereCheckpointsDoNotSayWhatTheyBeganOn) {
  for (const int finished : {1, kMore, kMore + 1})
    expect_nothing_is_lost(finished, forget_beginnings);
}

TEST(Resume, TrainsAnewWhatComesAfterAStageThatWasLeftOut) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.joint.epochs = 0;
  train_all(options);
  options.joint.epochs = 2;
  Log log;
  EXPECT_THAT(go_on(options, log), HasSubstr("The stage 'reward' is trained anew"));
  EXPECT_THAT(epochs_of(log), ElementsAre("joint 1", "joint 2", "reward 1", "reward 2"));

  const Workshop uninterrupted;
  train_all(uninterrupted.short_options());
  EXPECT_EQ(workshop.output_.read("model.safetensors"),
            uninterrupted.output_.read("model.safetensors"));
}

// Somebody who did not mean to may stop it and go on as before.
TEST(Resume, KeepsACheckpointThatIsNotUsedUntilAnEpochTakesItsPlace) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  train_all(options);
  const std::string checkpoint = workshop.work_.read("checkpoint-reward.json");
  const std::string weights = workshop.output_.read("model.safetensors");
  options.resume = true;
  options.joint.epochs = 0;
  TrainReports reports;
  reports.notice = [](const std::string&) {};
  reports.progress = [](const std::string& what, int, int) {
    if (what.find("reward epoch") == 0)
      throw std::runtime_error("stopped");
  };
  ASSERT_FALSE(train(options, read_colour, reports).ok());
  EXPECT_EQ(workshop.work_.read("checkpoint-reward.json"), checkpoint);

  options.joint.epochs = 2;
  Log log;
  go_on(options, log);
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(workshop.output_.read("model.safetensors"), weights);
}

TEST(Resume, UsesCheckpointsThatDoNotSayWhatTheyBeganOn) {
  const Workshop workshop;
  train_all(workshop.short_options());
  const std::string weights = workshop.output_.read("model.safetensors");
  forget_beginnings(workshop);
  Log log;
  EXPECT_THAT(go_on(workshop.short_options(), log), Not(HasSubstr("anew")));
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(workshop.output_.read("model.safetensors"), weights);
}

// There is no checkpoint yet that would belong to other options, but there are other files.
TEST(Resume, TakesNothingOfOtherOptionsThatNoEpochWasFinishedWith) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  TrainReports reports;
  reports.notice = [](const std::string&) {};
  reports.progress = [](const std::string& what, int, int) {
    if (what.find("epoch") != std::string::npos)
      throw std::runtime_error("stopped");
  };
  ASSERT_FALSE(train(options, read_colour, reports).ok());
  options.seed = 2;
  Log log;
  go_on(options, log);

  const Workshop other;
  TrainOptions fresh = other.short_options();
  fresh.seed = 2;
  EXPECT_EQ(log, train_all(fresh));
}

TEST(Resume, RemembersHowLongThereWasNothingBetter) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.decoder = {50, 1e-12, 0};  // learns nothing
  options.joint.epochs = options.reward.epochs = 0;
  options.patience = 3;
  Log log;
  ASSERT_FALSE(train_epochs(options, 3, log).ok());
  go_on(options, log);
  EXPECT_EQ(log.size(), 4U);
}

TEST(Resume, AddsToTheLogThatANewRunBegins) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  train_all(options);
  workshop.remove_checkpoints();
  Log log;
  ASSERT_FALSE(train_epochs(options, 1, log).ok());
  EXPECT_EQ(workshop.written_log(), log) << "without the lines of the run before";

  go_on(options, log);
  EXPECT_EQ(workshop.written_log(), log);
}

TEST(Resume, GoesOnFromTheCheckpointBeforeWhenTheNewerOneIsNotComplete) {
  const Workshop uninterrupted;
  const Log expected = train_all(uninterrupted.short_options());
  const Workshop further;
  Log log;
  ASSERT_FALSE(train_epochs(further.short_options(), 2, log).ok());

  // The second epoch writes these, and then the file that makes them count.
  const std::vector<std::string> written = {"checkpoint-decoder-even.safetensors",
                                            "checkpoint-decoder-even.optimizer"};
  for (size_t count = 1; count <= written.size(); ++count) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    log.clear();
    ASSERT_FALSE(train_epochs(options, 1, log).ok());
    for (size_t i = 0; i < count; ++i) {
      const std::string bytes = further.work_.read(written[i]);
      ASSERT_FALSE(bytes.empty()) << written[i];
      workshop.work_.write(written[i], bytes);
    }

    go_on(options, log);
    EXPECT_EQ(log, expected) << "cut after " << count << " files";
  }
}

// As programs wrote them that overwrote the last checkpoint with the next.
TEST(Resume, ReadsCheckpointsThatDoNotNameTheirFiles) {
  const Workshop uninterrupted;
  const Log expected = train_all(uninterrupted.short_options());

  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  Log log;
  ASSERT_FALSE(train_epochs(options, 1, log).ok());
  for (const std::string ending : {".safetensors", ".optimizer"}) {
    ASSERT_EQ(rename(workshop.work_.file("checkpoint-decoder-odd" + ending).c_str(),
                     workshop.work_.file("checkpoint-decoder" + ending).c_str()),
              0);
  }
  auto progress = nlohmann::json::parse(workshop.work_.read("checkpoint-decoder.json"));
  ASSERT_EQ(progress.erase("files"), 1U);
  workshop.work_.write("checkpoint-decoder.json", progress.dump());

  go_on(options, log);
  EXPECT_EQ(log, expected);
}

TEST(Resume, NamesTheCheckpointThatIsDamaged) {
  for (const char* damaged : {"checkpoint-decoder.json", "checkpoint-decoder-odd.optimizer",
                              "checkpoint-decoder-odd.safetensors"}) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    Log log;
    ASSERT_FALSE(train_epochs(options, 1, log).ok());
    workshop.work_.write(damaged, "the power failed while this was written");

    options.resume = true;
    const auto resumed = train_epochs(options, -1, log);
    ASSERT_FALSE(resumed.ok()) << damaged;
    EXPECT_EQ(resumed.error().kind, ErrorKind::CorruptModel) << resumed.error().message;
    EXPECT_THAT(resumed.error().message, HasSubstr(workshop.work_.file(damaged)));
    EXPECT_THAT(resumed.error().message,
                HasSubstr("remove " + workshop.work_.file("checkpoint-decoder.json")));
  }
}

}  // namespace
}  // namespace jetsoncaption
