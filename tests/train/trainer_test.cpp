// SPDX-License-Identifier: LGPL-2.1-or-later
// Training from end to end, on six pictures of one colour each and with an encoder that is random
// numbers: quick, and still everything has to be right for the captions to be.
#include "train/trainer.h"

#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "captioner.h"
#include "colours.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "model/bundle.h"
#include "train/quantize.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

void no_progress(const std::string&, int, int) {}

// Writes the tiny encoder as a backbone: what `train` starts from.
void write_backbone(const TemporaryDirectory& directory) {
  TemporaryDirectory tiny;
  ASSERT_TRUE(write_tiny_bundle(tiny.path(), 1).ok());
  const auto file = SafetensorsFile::open(tiny.file("model.safetensors"));
  ASSERT_TRUE(file.ok()) << file.error().message;
  const std::string prefix = "encoder.";
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, view] : file.value().tensors()) {
    if (name.compare(0, prefix.size(), prefix) == 0)
      tensors[name.substr(prefix.size())] = view;
  }
  ASSERT_TRUE(write_safetensors(directory.file("backbone.safetensors"), tensors, {}).ok());

  const ModelConfig config = tiny_config();
  nlohmann::json json;
  json["stem"]["out_channels"] = config.encoder.stem_channels;
  json["head"]["out_channels"] = config.encoder.head_channels;
  for (const BlockConfig& block : config.encoder.blocks) {
    json["blocks"].push_back({{"in_channels", block.in_channels},
                              {"hidden_channels", block.hidden_channels},
                              {"out_channels", block.out_channels},
                              {"stride", block.stride},
                              {"residual", block.residual}});
  }
  json["input"] = {{"width", config.input_width},
                   {"height", config.input_height},
                   {"scale", 1 / 127.5},
                   {"offset", -1.0}};
  directory.write("backbone.json", json.dump());
}

// A data set on disk with a place for the results.
class Workshop {
 public:
  Workshop() {
    write_backbone(data_);
    std::string captions;
    std::string list;
    for (const Colour& colour : colours()) {
      const std::string id = std::string(colour.name) + ".png";
      captions += id + "\tA " + colour.name + " square .\n";
      list += id + "\n";
    }
    data_.write("captions.txt", captions);
    data_.write("list.txt", list);
  }

  // Small enough for two seconds, strong enough to learn six sentences.
  TrainOptions options() const {
    TrainOptions options;
    options.images = "pictures";  // made by colours.h
    options.captions = data_.file("captions.txt");
    options.train_list = data_.file("list.txt");
    options.dev_list = data_.file("list.txt");
    options.backbone = data_.file("backbone.safetensors");
    options.work = work_.path();
    options.output = output_.path();
    options.name = "colours";
    options.licence = "CC0-1.0";
    options.training_data = "made up";
    options.decoder = {200, 1e-2, 0};
    options.joint = {2, 1e-4, 1e-5};
    options.reward = {2, 1e-4, 0};
    options.batch = 4;
    options.feature_size = 16;
    options.attention_size = 16;
    options.embedding_size = 16;
    options.hidden_size = 32;
    options.min_count = 1;
    options.dropout = 0.1;
    options.label_smoothing = 0;
    options.average_decay = 0.9;
    options.threads = 1;
    return options;
  }

  // The same with two epochs a stage.
  TrainOptions short_options() const {
    TrainOptions options = this->options();
    options.decoder.epochs = 2;
    return options;
  }

  TemporaryDirectory data_;
  TemporaryDirectory work_;
  TemporaryDirectory output_;
};

// Lines of the log without the times, which are different in each run.
using Log = std::vector<nlohmann::json>;

nlohmann::json parse_line(const std::string& line) {
  nlohmann::json entry = nlohmann::json::parse(line);
  EXPECT_EQ(entry.erase("seconds"), 1U);
  return entry;
}

// Trains and stops, as if the power failed, after so many epochs.
Result<void> train_epochs(const TrainOptions& options, int epochs, Log& log) {
  return train(options, read_colour, no_progress, [&](const std::string& line) {
    log.push_back(parse_line(line));
    if (static_cast<int>(log.size()) == epochs)
      throw std::runtime_error("the power failed");
  });
}

Log train_all(const TrainOptions& options) {
  Log log;
  const auto trained = train_epochs(options, -1, log);
  EXPECT_TRUE(trained.ok()) << trained.error().message;
  return log;
}

std::vector<std::string> caption_colours(const std::string& model, Precision precision) {
  CaptionerOptions options;
  options.model_dir = model;
  options.precision = precision;
  options.threads = 1;
  const auto captioner = Captioner::load(options);
  EXPECT_TRUE(captioner.ok()) << captioner.error().message;
  std::vector<std::string> captions;
  for (const Colour& colour : colours()) {
    const auto caption = captioner.value()->describe(colour_picture(colour).view(), {});
    EXPECT_TRUE(caption.ok()) << caption.error().message;
    captions.push_back(caption.value().text);
  }
  return captions;
}

// Trained once for all tests that look at the result.
class TrainedTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    workshop_ = new Workshop;
    log_ = new Log(train_all(workshop_->options()));
  }
  static void TearDownTestSuite() {
    delete log_;
    delete workshop_;
  }
  static const std::string& bundle() { return workshop_->output_.path(); }

  static Workshop* workshop_;
  static Log* log_;
};

Workshop* TrainedTest::workshop_ = nullptr;
Log* TrainedTest::log_ = nullptr;

TEST_F(TrainedTest, GoesThroughTheStagesInOrder) {
  const TrainOptions options = workshop_->options();
  std::vector<std::pair<std::string, int>> expected;
  for (int epoch = 1; epoch <= options.decoder.epochs; ++epoch)
    expected.emplace_back("decoder", epoch);
  for (int epoch = 1; epoch <= options.joint.epochs; ++epoch)
    expected.emplace_back("joint", epoch);
  for (int epoch = 1; epoch <= options.reward.epochs; ++epoch)
    expected.emplace_back("reward", epoch);

  std::vector<std::pair<std::string, int>> stages;
  for (const auto& entry : *log_)
    stages.emplace_back(entry.at("stage"), entry.at("epoch"));
  EXPECT_EQ(stages, expected);
}

TEST_F(TrainedTest, LowersTheLossOfTheDecoder) {
  ASSERT_FALSE(log_->empty());
  const auto last = static_cast<size_t>(workshop_->options().decoder.epochs - 1);
  EXPECT_LT(log_->at(last).at("loss").get<double>(), 0.2 * log_->at(0).at("loss").get<double>());
}

TEST_F(TrainedTest, KeepsALogOfItsEpochs) {
  std::ifstream file(workshop_->work_.file("log.jsonl"));
  Log written;
  for (std::string line; std::getline(file, line);)
    written.push_back(parse_line(line));
  EXPECT_EQ(written, *log_);
}

TEST_F(TrainedTest, WritesABundleWithTheWordsAndTheTerms) {
  const auto opened = open_bundle(bundle(), WeightFile::Master);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const ModelConfig& config = opened.value().config;
  EXPECT_EQ(config.name, "colours");
  EXPECT_EQ(config.licence, "CC0-1.0");
  EXPECT_EQ(config.training_data, "made up");
  EXPECT_EQ(config.decoder.hidden_size, 32);
  for (const Colour& colour : colours())
    EXPECT_GE(opened.value().vocabulary.find(colour.name), 4);
}

TEST_F(TrainedTest, CaptionsWhatItHasLearned) {
  std::vector<std::string> expected;
  for (const Colour& colour : colours())
    expected.push_back(std::string("a ") + colour.name + " square");
  EXPECT_EQ(caption_colours(bundle(), Precision::Fp32), expected);
}

TEST_F(TrainedTest, CaptionsAlmostAllPicturesAlikeInInt8) {
  std::vector<std::string> paths;
  for (const Colour& colour : colours())
    paths.push_back(std::string("pictures/") + colour.name + ".png");
  const auto quantized = quantize_bundle(bundle(), paths, read_colour, no_progress);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;

  const auto opened = open_bundle(bundle(), WeightFile::Int8);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_THAT(opened.value().config.precisions, testing::ElementsAre("fp32", "int8"));

  const auto fp32 = caption_colours(bundle(), Precision::Fp32);
  const auto int8 = caption_colours(bundle(), Precision::Int8);
  size_t alike = 0;
  for (size_t i = 0; i < fp32.size(); ++i)
    alike += fp32[i] == int8[i] ? 1 : 0;
  EXPECT_GE(alike, fp32.size() - 1) << testing::PrintToString(int8);
}

TEST(Trainer, GivesTheSameModelForTheSameSeed) {
  const Workshop workshop;
  const Workshop other;
  TrainOptions another_seed = workshop.short_options();
  another_seed.seed = 2;

  const Log log = train_all(workshop.short_options());
  const std::string weights = workshop.output_.read("model.safetensors");
  EXPECT_EQ(train_all(other.short_options()), log);
  EXPECT_EQ(other.output_.read("model.safetensors"), weights);
  EXPECT_NE(train_all(another_seed), log);
}

TEST(Trainer, ResumesAfterTheLastFinishedEpochAsIfNothingHadHappened) {
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

    options.resume = true;
    const Log rest = train_all(options);
    log.insert(log.end(), rest.begin(), rest.end());
    EXPECT_EQ(log, expected) << "cut after " << finished << " epochs";
    EXPECT_EQ(workshop.output_.read("model.safetensors"),
              uninterrupted.output_.read("model.safetensors"));
  }
}

TEST(Trainer, DoesNotMixWhatItResumesWithAnEarlierRun) {
  const Workshop fresh;
  TrainOptions options = fresh.short_options();
  options.seed = 2;
  const Log expected = train_all(options);

  const Workshop used;
  train_all(used.short_options());
  options = used.short_options();
  options.seed = 2;
  Log log;
  ASSERT_FALSE(train_epochs(options, 1, log).ok());
  options.resume = true;
  const Log rest = train_all(options);
  log.insert(log.end(), rest.begin(), rest.end());
  EXPECT_EQ(log, expected);
}

TEST(Trainer, NamesTheCheckpointThatIsDamaged) {
  for (const char* damaged : {"checkpoint-decoder.json", "checkpoint-decoder.optimizer",
                              "checkpoint-decoder.safetensors"}) {
    const Workshop workshop;
    TrainOptions options = workshop.short_options();
    Log log;
    ASSERT_FALSE(train_epochs(options, 1, log).ok());
    workshop.work_.write(damaged, "the power failed while this was written");

    options.resume = true;
    const auto resumed = train_epochs(options, -1, log);
    ASSERT_FALSE(resumed.ok()) << damaged;
    EXPECT_EQ(resumed.error().kind, ErrorKind::CorruptModel) << resumed.error().message;
    EXPECT_THAT(resumed.error().message, HasSubstr(workshop.work_.file("checkpoint-decoder")));
  }
}

TEST(Trainer, DoesNotTakeTheFeaturesOfOtherPictures) {
  const std::string reversed =
      "turquoise.png\nyellow.png\ngreen.png\nred.png\nwhite.png\nblack.png\n";
  const Workshop fresh;
  fresh.data_.write("list.txt", reversed);
  const Log expected = train_all(fresh.short_options());

  const Workshop used;
  train_all(used.short_options());
  used.data_.write("list.txt", reversed);
  EXPECT_EQ(train_all(used.short_options()), expected);
}

TEST(Trainer, TrainsInBfloat16AlmostAsInFloat32) {
  const Workshop workshop;
  TrainOptions options = workshop.short_options();
  const Log float32 = train_all(options);
  options.bfloat16 = true;
  const Log bfloat16 = train_all(options);

  ASSERT_EQ(bfloat16.size(), float32.size());
  // bfloat16 has 8 bits of precision.
  EXPECT_NEAR(bfloat16[0].at("loss").get<double>(), float32[0].at("loss").get<double>(), 0.05);
}

TEST(Trainer, GoesOnFromABundle) {
  const Workshop first;
  const Log begun = train_all(first.short_options());
  const Workshop second;
  TrainOptions options = second.short_options();
  options.start = first.output_.path();
  EXPECT_LT(train_all(options)[0].at("loss").get<double>(), begun[0].at("loss").get<double>());
}

TEST(Trainer, DoesNotGoOnFromABundleWithOtherWords) {
  const Workshop first;
  train_all(first.short_options());
  const Workshop second;
  second.data_.write("captions.txt", "red.png\tSomething else .\n");
  second.data_.write("list.txt", "red.png\n");
  TrainOptions options = second.short_options();
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
      {"no sentences", [](const Workshop&, TrainOptions& options) { options.captions += "x"; },
       ErrorKind::NotFound, "captions.txtx"},
      {"no list", [](const Workshop&, TrainOptions& options) { options.train_list += "x"; },
       ErrorKind::NotFound, "list.txtx"},
      {"no dev list", [](const Workshop&, TrainOptions& options) { options.dev_list += "x"; },
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
      {"a line without a tab",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt", "red.png A red square .\n");
       },
       ErrorKind::InvalidArgument, "line 1"},
      {"a picture without a sentence",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt", "red.png\tA red square .\n");
       },
       ErrorKind::InvalidArgument, "black.png"},
      {"a picture that cannot be read",
       [](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("captions.txt", "grey.png\tA grey square .\n");
         workshop.data_.write("list.txt", "grey.png\n");
       },
       ErrorKind::NotFound, "grey.png"},
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

}  // namespace
}  // namespace jetsoncaption
