// SPDX-License-Identifier: LGPL-2.1-or-later
// Options and files decide what is trained, and nothing else does.
#include "train/trainer.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/log.h"
#include "bundle/bundle.h"
#include "colours.h"
#include "workshop.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Trainer, GivesTheSameModelForTheSameSeed) {
  const Workshop workshop;
  const Workshop other;
  const Workshop third;
  TrainOptions another_seed = third.short_options();
  another_seed.seed = 2;

  const Log log = train_all(workshop.short_options());
  const std::string weights = workshop.output_.read("model.safetensors");
  EXPECT_EQ(train_all(other.short_options()), log);
  EXPECT_EQ(other.output_.read("model.safetensors"), weights);
  EXPECT_NE(train_all(another_seed), log);
}

TEST(Trainer, DoesNotTakeTheFeaturesOfOtherPictures) {
  const std::string reversed =
      "turquoise.png\nyellow.png\ngreen.png\nred.png\nwhite.png\nblack.png\n";
  const Workshop fresh;
  fresh.data_.write("list.txt", reversed);
  const Log expected = train_all(fresh.short_options());

  const Workshop used;
  train_all(used.short_options());
  used.remove_checkpoints();
  used.data_.write("list.txt", reversed);
  EXPECT_EQ(train_all(used.short_options()), expected);
}

TEST(Trainer, TrainsInBfloat16AlmostAsInFloat32) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  const Log float32 = train_all(options);
  workshop.remove_checkpoints();
  options.bfloat16 = true;
  const Log bfloat16 = train_all(options);

  ASSERT_EQ(bfloat16.size(), float32.size());
  // bfloat16 has 8 bits of precision.
  EXPECT_NEAR(bfloat16[0].at("loss").get<double>(), float32[0].at("loss").get<double>(), 0.05);
}

// Of which those for the sentences are put together; also when the run goes on.
TEST(Trainer, LooksAtAllPicturesBeforeItLearnsSentencesWithoutPictures) {
  const Workshop workshop;
  workshop.data_.write("sentences.txt", "a red square\n");
  TrainOptions options = workshop.short_options();
  options.sentences = {workshop.data_.file("sentences.txt")};
  for (const bool resumed : {false, true}) {
    options.resume = resumed;
    std::vector<std::string> seen;
    TrainReports reports;
    reports.progress = [&](const std::string& what, int done, int total) {
      if (done == total)
        seen.push_back(what.substr(0, what.find(',')));
    };
    reports.epoch_done = [](const std::string&) { throw std::runtime_error("enough"); };
    static_cast<void>(train(options, read_colour, reports));
    const std::string epoch = resumed ? "decoder epoch 2/2" : "decoder epoch 1/2";
    const auto first_epoch = std::find(seen.begin(), seen.end(), epoch);
    ASSERT_NE(first_epoch, seen.end());
    EXPECT_NE(std::find(seen.begin(), first_epoch, "encoding pictures"), first_epoch);
  }
}

TEST(Trainer, GoesOnFromABundle) {
  const Workshop first;
  const Log begun = train_all(first.short_options());
  const Workshop second;
  TrainOptions options = second.short_options();
  options.start = first.output_.path();
  EXPECT_LT(train_all(options)[0].at("loss").get<double>(), begun[0].at("loss").get<double>());
}

TEST(Trainer, LearnsUnknownWordsAlsoFromABundleThatNeverWritesThem) {
  // Each colour is one of the words that occur too seldom to be learnt.
  const Workshop first;
  TrainOptions options = first.short_options();
  options.min_count = 2;
  options.label_smoothing = 0.1;
  const Log begun = train_all(options);
  ASSERT_EQ(begun.back().at("stage"), "reward");

  const Workshop second;
  options.work = second.work_.path();
  options.output = second.output_.path();
  options.start = first.output_.path();
  EXPECT_LT(train_all(options)[0].at("loss").get<double>(), begun[0].at("loss").get<double>());
}

// The vector of a word in a bundle.
std::vector<float> word_vector(const std::string& directory, const std::string& word) {
  const auto bundle = open_bundle(directory, WeightFile::Master);
  EXPECT_TRUE(bundle.ok()) << bundle.error().message;
  const TensorView& vectors = *bundle.value().weights.find("decoder.embedding.weight");
  const auto size = static_cast<size_t>(vectors.shape[1]);
  const auto id = static_cast<size_t>(bundle.value().vocabulary.find(word));
  const auto* values = static_cast<const float*>(vectors.data) + id * size;
  return {values, values + size};
}

TEST(Trainer, KnownWordsKeepTheirVectorsInABundleThatLearnsOthers) {
  const Workshop first;
  train_all(first.short_options());
  const Workshop second;
  second.data_.write("captions.txt", "red.png\tA red thing .\n");
  second.data_.write("list.txt", "red.png\n");
  TrainOptions options = second.short_options();
  options.start = first.output_.path();
  for (StageOptions* stage : {&options.decoder, &options.joint, &options.reward}) {
    stage->epochs = stage == &options.decoder ? 1 : 0;
    stage->decoder_learning_rate = 1e-12;
  }
  options.weight_decay = 0;
  train_all(options);
  EXPECT_EQ(word_vector(second.output_.path(), "red"), word_vector(first.output_.path(), "red"));
  EXPECT_NE(word_vector(second.output_.path(), "thing"),
            word_vector(first.output_.path(), "square"));
}

TEST(Trainer, DoesNotGoOnFromADecoderOfOtherSizes) {
  const Workshop first;
  train_all(first.short_options());
  const Workshop second;
  TrainOptions options = second.short_options();
  options.hidden_size *= 2;
  options.start = first.output_.path();
  Log log;
  const auto trained = train_epochs(options, -1, log);
  ASSERT_FALSE(trained.ok());
  EXPECT_EQ(trained.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(trained.error().message, HasSubstr(options.start));
}

TEST(Trainer, LeavesOutStagesWithoutEpochs) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.decoder.epochs = 1;
  options.joint.epochs = 0;
  options.reward.epochs = 1;
  const Log log = train_all(options);
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].at("stage"), "decoder");
  EXPECT_EQ(log[1].at("stage"), "reward");
}

// What is wrong, and what the message must name.
struct Fault {
  std::string name;
  std::function<void(const Workshop&, TrainOptions&)> make;
  ErrorKind kind;
  std::string words;
};

TEST(Trainer, SaysInASentenceWhatIsMissing) {
  const std::vector<Fault> faults = {
      {"no sentences",
       [](const Workshop&, TrainOptions& options) { options.sources[0].captions += "x"; },
       ErrorKind::NotFound, "captions.txtx"},
      {"no list",
       [](const Workshop&, TrainOptions& options) { options.sources[0].train_list += "x"; },
       ErrorKind::NotFound, "list.txtx"},
      {"no dev list",
       [](const Workshop&, TrainOptions& options) { options.sources[0].dev_list += "x"; },
       ErrorKind::NotFound, "list.txtx"},
      {"no description of the backbone",
       [](const Workshop& workshop, TrainOptions&) {
         unlink(workshop.data_.file("backbone.json").c_str());
       },
       ErrorKind::NotFound, "backbone.json"},
      {"a description of something else",
       [](const Workshop& workshop, TrainOptions&) { workshop.data_.write("backbone.json", "{}"); },
       ErrorKind::InvalidArgument, "backbone.json"},
      {"no backbone",
       [](const Workshop& workshop, TrainOptions&) {
         unlink(workshop.data_.file("backbone.safetensors").c_str());
       },
       ErrorKind::NotFound, "backbone.safetensors"},
      {"lines without a tab",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt", "red.png A red square .\n");
       },
       ErrorKind::InvalidArgument, "captions.txt begins with 'red.png A red square .'"},
      {"no sentence has a word",
       [](const Workshop& workshop, TrainOptions& options) {
         workshop.data_.write("captions.txt", "image,caption\nred.png,-\ngreen.png,-\n");
         options.sources[0].train_list = options.sources[0].dev_list = "";
       },
       ErrorKind::InvalidArgument, ".png has no sentence with a word in it"},
      {"no picture of the list has a sentence",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("list.txt", "blue.png\n");
       },
       ErrorKind::InvalidArgument, "captions.txt: There is no picture with a sentence to learn"},
      {"no picture can be read",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt", "grey.png\tA grey square .\n");
         workshop.data_.write("list.txt", "grey.png\n");
       },
       ErrorKind::InvalidArgument, "grey.png: pictures/grey.png is no colour"},
      {"no such language",
       [](const Workshop&, TrainOptions& options) { options.language = "english"; },
       ErrorKind::InvalidArgument, "'english' is no language"},
      {"no encoder", [](const Workshop&, TrainOptions& options) { options.backbone = ""; },
       ErrorKind::InvalidArgument, "--backbone"},
      {"no place for the output",
       [](const Workshop&, TrainOptions& options) { options.output = "/nonexistent/a/b"; },
       ErrorKind::NotFound, "--output /nonexistent/a/b"},
      {"no place for the work",
       [](const Workshop&, TrainOptions& options) { options.work = "/proc"; },
       ErrorKind::InvalidArgument, "--work /proc"},
      {"an empty list",
       [](const Workshop& workshop, TrainOptions&) { workshop.data_.write("list.txt", ""); },
       ErrorKind::InvalidArgument, "list.txt"},
  };
  for (const Fault& fault : faults) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    fault.make(workshop, options);
    Log log;
    const auto trained = train_epochs(options, -1, log);
    ASSERT_FALSE(trained.ok()) << fault.name;
    EXPECT_EQ(trained.error().kind, fault.kind) << fault.name << ": " << trained.error().message;
    EXPECT_THAT(trained.error().message, HasSubstr(fault.words)) << fault.name;
  }
}

// What the bundle is to say of itself would be found out when it is opened: after hours.
TEST(Trainer, ChecksTheTextsOfTheBundleBeforeItReadsAPicture) {
  const std::vector<Fault> faults = {
      {"no name", [](const Workshop&, TrainOptions& options) { options.name = ""; },
       ErrorKind::InvalidArgument, "--name is \"\"; use a text of 1 to 4096 bytes"},
      {"a name that recolours terminals",
       [](const Workshop&, TrainOptions& options) { options.name = "red\x1B[31m"; },
       ErrorKind::InvalidArgument, "--name is \"red\\u001b[31m\"; use a text without a control"},
      {"a long licence",
       [](const Workshop&, TrainOptions& options) { options.licence = std::string(4097, 'x'); },
       ErrorKind::InvalidArgument, "--licence is \"xxx"},
      {"Latin-1",
       [](const Workshop&, TrainOptions& options) {
         options.training_data =
             "K\xE4"
             "fer";
       },
       ErrorKind::InvalidArgument, "use a text without bytes that are not UTF-8"},
      {"an encoder that no bundle may have",
       [](const Workshop& workshop, TrainOptions&) {
         auto described = nlohmann::json::parse(workshop.data_.read("backbone.json"));
         described["input"]["width"] = 65;
         workshop.data_.write("backbone.json", described.dump());
       },
       ErrorKind::InvalidArgument, "input.width is 65"},
  };
  for (const Fault& fault : faults) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    fault.make(workshop, options);
    std::atomic<bool> has_read{false};
    TrainReports reports;
    reports.progress = no_progress;
    reports.epoch_done = [](const std::string&) {};
    const auto trained = train(
        options,
        [&](const std::string& path, PictureSize size) {
          has_read = true;
          return read_colour(path, size);
        },
        reports);
    ASSERT_FALSE(trained.ok()) << fault.name;
    EXPECT_EQ(trained.error().kind, fault.kind) << fault.name << ": " << trained.error().message;
    EXPECT_THAT(trained.error().message, HasSubstr(fault.words)) << fault.name;
    EXPECT_FALSE(has_read) << fault.name;
  }
}

TEST(Trainer, RefusesToOverwriteWhatItLearnsFrom) {
  const Workshop first;
  train_all(first.short_options());
  const std::string& bundle = first.output_.path();
  const std::string weights = first.output_.read("model.safetensors");
  using Choice = std::function<void(TrainOptions&)>;
  const std::vector<std::pair<std::string, Choice>> choices = {
      {"--start", [&](TrainOptions& options) { options.start = bundle; }},
      {"--teacher-model", [&](TrainOptions& options) { options.teacher_model = bundle; }},
      {"--backbone", [&](TrainOptions& options) { options.backbone = bundle; }},
      {"--backbone",
       [&](TrainOptions& options) {
         options.backbone = bundle + "/model.safetensors";
         first.output_.write("model.json", first.data_.read("backbone.json"));
       }},
  };
  for (const auto& [option, choose] : choices) {
    const Workshop second;
    TrainOptions options = second.short_options();
    choose(options);
    options.output = bundle + "/.";
    options.seed = 2;
    Log log;
    const auto trained = train_epochs(options, -1, log);
    EXPECT_EQ(first.output_.read("model.safetensors"), weights) << option;
    ASSERT_FALSE(trained.ok()) << option;
    EXPECT_EQ(trained.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(trained.error().message,
                AllOf(HasSubstr("--output " + bundle + "/. is"), HasSubstr(option),
                      HasSubstr("choose another folder")));
  }
}

// Remarks while it lives.
class Warnings {
 public:
  Warnings() {
    set_log_sink([this](LogLevel, const std::string& message) {
      const std::lock_guard<std::mutex> lock(mutex_);
      text_ += message + "\n";
    });
  }
  ~Warnings() { set_log_sink({}); }
  std::string text() const { return text_; }

 private:
  std::mutex mutex_;
  std::string text_;
};

TEST(Trainer, GoesOnWithoutWhatItCannotUse) {
  const Warnings warnings;
  const Workshop workshop;
  workshop.data_.write("captions.txt", workshop.data_.read("captions.txt") +
                                           "grey.png\tA grey square .\nno tab\nblack.png\t...\n");
  workshop.data_.write("list.txt", workshop.data_.read("list.txt") + "grey.png\nlost.png\n");
  const Log log = train_all(workshop.short_options());
  EXPECT_FALSE(log.empty());
  EXPECT_THAT(warnings.text(), HasSubstr("line 8: 'no tab' has no tab"));
  EXPECT_THAT(warnings.text(), HasSubstr("grey.png: pictures/grey.png is no colour"));
  EXPECT_THAT(warnings.text(), HasSubstr("lost.png has no sentence"));
  const Workshop clean;
  EXPECT_EQ(train_all(clean.short_options()), log) << "as if it had never been there";
}

TEST(Trainer, SplitsByItselfWithoutLists) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.sources[0].train_list = options.sources[0].dev_list = "";
  std::string notice;
  Log log;
  ASSERT_TRUE(train_epochs(options, -1, log, &notice).ok());
  EXPECT_THAT(notice, HasSubstr("5 pictures to learn from, 1 to measure on, "));
  EXPECT_THAT(notice, HasSubstr("All epochs together take about"));

  // What is in these files is what they are called.
  const auto lines = [&](const char* name) {
    const std::string text = workshop.work_.read(name);
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines("train.txt"), 5);
  EXPECT_EQ(lines("dev.txt"), 1);
  const Workshop listed;
  options = listed.short_options();
  options.sources[0].train_list = workshop.work_.file("train.txt");
  options.sources[0].dev_list = workshop.work_.file("dev.txt");
  EXPECT_EQ(train_all(options), log);
  EXPECT_EQ(listed.work_.read("train.txt") + listed.work_.read("dev.txt"), "")
      << "who has lists needs no others";
}

TEST(Trainer, WritesTheListThatWasNotGiven) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.joint.epochs = options.reward.epochs = 0;
  options.sources.push_back(options.sources[0]);
  options.sources[0].dev_list = "";
  options.sources[1].train_list = "";
  options.sources[1].dev_list = workshop.data_.write("dev-list.txt", "red.png\n");
  train_all(options);
  EXPECT_EQ(workshop.work_.read("train.txt"), "");
  EXPECT_EQ(workshop.work_.read("dev.txt"), "") << "the other source has dev pictures";
  EXPECT_THAT(workshop.work_.read("train-2.txt"), StartsWith("black.png\nwhite.png\ngreen.png\n"));
  EXPECT_EQ(workshop.work_.read("dev-2.txt"), "");
}

TEST(Trainer, NeverWritesOverAListOfTheUser) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.joint.epochs = options.reward.epochs = 0;
  options.sources[0].train_list = options.sources[0].dev_list = "";
  workshop.work_.write("dev.txt", "mine.png\n");
  Log log;
  const auto trained = train_epochs(options, -1, log);
  ASSERT_FALSE(trained.ok());
  EXPECT_EQ(trained.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(trained.error().message,
              HasSubstr("--work " + workshop.work_.path() + " has a file dev.txt"));
  EXPECT_EQ(workshop.work_.read("dev.txt"), "mine.png\n");

  unlink(workshop.work_.file("dev.txt").c_str());
  options.sources.push_back(options.sources[0]);
  options.sources[1].train_list =
      workshop.work_.write("train.txt", workshop.data_.read("list.txt"));
  EXPECT_TRUE(train_epochs(options, -1, log).ok()) << "which is read, not written";
  EXPECT_EQ(workshop.work_.read("train.txt"), workshop.data_.read("list.txt"));
  EXPECT_NE(workshop.work_.read("dev.txt"), "");
}

TEST(Trainer, TakesTheEncoderOfABundleAsBackbone) {
  const Workshop first;
  train_all(first.short_options());
  const Workshop second;
  TrainOptions options = second.short_options();
  options.backbone = first.output_.path();
  options.joint.epochs = options.reward.epochs = 0;
  train_all(options);
  const auto before = open_bundle(first.output_.path(), WeightFile::Master);
  const auto after = open_bundle(second.output_.path(), WeightFile::Master);
  ASSERT_TRUE(before.ok() && after.ok());
  const TensorView* expected = before.value().weights.find("encoder.stem.weight");
  const TensorView* found = after.value().weights.find("encoder.stem.weight");
  ASSERT_EQ(found->bytes(), expected->bytes());
  EXPECT_EQ(std::memcmp(found->data, expected->data, expected->bytes()), 0);
}

TEST(Trainer, KeepsTheWordsOfTheBundleItGoesOnFrom) {
  const Workshop first;
  train_all(first.short_options());
  const Workshop second;
  second.data_.write("captions.txt", "red.png\tA red thing .\n");
  second.data_.write("list.txt", "red.png\n");
  TrainOptions options = second.short_options();
  options.start = first.output_.path();
  train_all(options);
  const auto bundle = open_bundle(second.output_.path(), WeightFile::Master);
  ASSERT_TRUE(bundle.ok());
  for (const char* word : {"square", "turquoise", "thing"})
    EXPECT_GE(bundle.value().vocabulary.find(word), 4) << word;
}

TEST(Trainer, LearnsOtherLanguagesAndKeepsTheirNameInTheBundle) {
  for (const auto& [language, sentence, word] :
       {std::tuple<std::string, std::string, std::string>{"de", "EIN GRÜNES QUADRAT .", "grünes"},
        {"zh", "一个绿色的正方形。", "正方形"}}) {
    const Workshop workshop;
    workshop.data_.write("captions.txt", "green.png\t" + sentence + "\n");
    workshop.data_.write("list.txt", "green.png\n");
    TrainOptions options = workshop.short_options();
    options.language = language;
    options.tag_cells = 8;
    Log log;
    const auto trained = train_epochs(options, -1, log);
    if (!trained.ok() && trained.error().kind == ErrorKind::Unsupported)
      GTEST_SKIP() << trained.error().message;
    ASSERT_TRUE(trained.ok()) << trained.error().message;
    const auto bundle = open_bundle(workshop.output_.path(), WeightFile::Master);
    ASSERT_TRUE(bundle.ok());
    EXPECT_EQ(bundle.value().config.language, language);
    EXPECT_GE(bundle.value().vocabulary.find(word), 4);
  }
}

TEST(Trainer, StopsWithASentenceWhenTheLossIsNoNumber) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.decoder.decoder_learning_rate = 1e35;
  options.decoder.epochs = 5;
  Log log;
  const auto trained = train_epochs(options, -1, log);
  ASSERT_FALSE(trained.ok());
  EXPECT_EQ(trained.error().kind, ErrorKind::Internal);
  EXPECT_THAT(trained.error().message, HasSubstr("The loss is "));
  EXPECT_THAT(trained.error().message, HasSubstr("of the stage 'decoder'"));
  EXPECT_THAT(trained.error().message, HasSubstr("--decoder-rate 1e+35"));
}

TEST(Trainer, EndsAStageThatGetsNoBetter) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  options.decoder = {50, 1e-12, 0};  // learns nothing
  options.joint.epochs = options.reward.epochs = 0;
  options.patience = 3;
  EXPECT_EQ(train_all(options).size(), 4U) << "the first is the best, for it is the only one";
}

}  // namespace
}  // namespace jetsoncaption
