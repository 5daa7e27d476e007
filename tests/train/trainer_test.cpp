// SPDX-License-Identifier: LGPL-2.1-or-later
// Options and files decide what is trained, and nothing else does.
#include "train/trainer.h"

#include <functional>
#include <string>
#include <vector>

#include "model/bundle.h"
#include "workshop.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

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
