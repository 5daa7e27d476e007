// SPDX-License-Identifier: LGPL-2.1-or-later
// A student learns from a teacher what the teacher knows, whatever words and sizes each of them
// has.
#include "train/teacher_model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "colours.h"
#include "fakes/tiny_bundle.h"
#include "torch/weights.h"
#include "train/feature_store.h"
#include "train/parameters.h"
#include "train/prune.h"
#include "train/sequence.h"
#include "workshop.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Vocabulary vocabulary_of(const std::string& text) {
  std::istringstream stream(text);
  auto read = Vocabulary::read(stream, "vocabulary.txt");
  EXPECT_TRUE(read.ok()) << read.error().message;
  return read.value();
}

// A tiny bundle with tags as teacher, and a batch of pictures with sentences.
class TeacherTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_tiny_tagged_bundle(directory_.path(), 1).ok());
    auto bundle = open_bundle(directory_.path(), WeightFile::Master);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    config_ = bundle.value().config;
    tensors_ = copy_tensors(fp32_tensors(bundle.value().weights));
    words_ = directory_.read("vocabulary.txt");
    tag_words_ = bundle.value().tag_words;
    torch::manual_seed(1);
    pictures_ =
        torch::randint(256, {3, 3, config_.input_height, config_.input_width}, torch::kUInt8);
    const int64_t end = TokenIds().end;
    inputs_ = torch::tensor({1, 4, 7, 10, 1, 5, 8, 11, 1, 4, 9, 10}, torch::kInt64).view({3, 1, 4});
    targets_ =
        torch::tensor({4, 7, 10, 2, 5, 8, 11, 2, 4, 9, 10, 2}, torch::kInt64).view({3, 1, 4});
    ASSERT_EQ(targets_[0][0][3].item<int64_t>(), end);
  }

  Material material(const std::string& words, const std::vector<int>& tag_words) const {
    return {config_, vocabulary_of(words), {}, {}, {}, tag_words};
  }

  std::unique_ptr<TeacherModel> open(const Material& material) const {
    auto opened = TeacherModel::open(directory_.path(), material);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::move(opened.value());
  }

  // What the teacher's own network says to the sentences.
  torch::Tensor own_logits(const TeacherModel::View& view) const {
    return score_sentences(Decoder(config_.decoder, tensors_), view.picture, inputs_, targets_, 0)
        .logits;
  }

  TemporaryDirectory directory_;
  ModelConfig config_;
  NamedTensors tensors_;
  std::string words_;
  std::vector<int> tag_words_;
  torch::Tensor pictures_;
  torch::Tensor inputs_;
  torch::Tensor targets_;
};

TEST_F(TeacherTest, HasNothingToSayToOneWhoKnowsTheSame) {
  const auto teacher = open(material(words_, tag_words_));
  const auto view = teacher->look(pictures_);
  const auto logits = own_logits(view);
  for (const double temperature : {1.0, 2.0}) {
    EXPECT_NEAR(teacher->word_loss(view, inputs_, targets_, logits, temperature).item<double>(), 0,
                1e-5);
    EXPECT_GT(teacher->word_loss(view, inputs_, targets_, logits * 0.5, temperature).item<double>(),
              1e-3);
  }
}

TEST_F(TeacherTest, PullsTheStudentTowardsIt) {
  const auto teacher = open(material(words_, tag_words_));
  const auto view = teacher->look(pictures_);
  auto logits = torch::zeros_like(own_logits(view)).requires_grad_();
  const auto before = teacher->word_loss(view, inputs_, targets_, logits, 2);
  before.backward();
  const auto moved = logits.detach() - 5 * logits.grad();
  EXPECT_LT(teacher->word_loss(view, inputs_, targets_, moved, 2).item<double>(),
            before.item<double>());
}

TEST_F(TeacherTest, UnderstandsTheStudentsWords) {
  // The same words in another order, and one more.
  std::istringstream stream(words_);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  std::vector<int64_t> order(lines.size());
  for (size_t i = 0; i < lines.size(); ++i)
    order[i] = static_cast<int64_t>(i);
  std::reverse(order.begin() + 4, order.end());
  std::string reordered;
  std::vector<int64_t> place(lines.size());
  for (size_t i = 0; i < order.size(); ++i) {
    reordered += lines[static_cast<size_t>(order[i])] + "\n";
    place[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  }
  const auto student = open(material(reordered + "umbrella\n", {}));
  const auto same = open(material(words_, tag_words_));
  const auto logits = own_logits(same->look(pictures_));
  const auto translated = torch::cat({logits.index_select(1, torch::tensor(order, torch::kInt64)),
                                      torch::full({logits.size(0), 1}, -1e4)},
                                     1);
  const auto places = torch::tensor(place, torch::kInt64);
  const auto translate = [&](const torch::Tensor& ids) {
    return places.index_select(0, ids.flatten()).view(ids.sizes());
  };
  EXPECT_NEAR(student
                  ->word_loss(student->look(pictures_), translate(inputs_), translate(targets_),
                              translated, 1)
                  .item<double>(),
              0, 1e-5);
}

TEST_F(TeacherTest, IsSilentAboutWordsItDoesNotKnow) {
  const auto teacher = open(material(words_ + "umbrella\n", {}));
  const auto targets = torch::full_like(targets_, 16);  // all are umbrellas
  const auto logits = torch::randn({targets.numel(), 17});
  EXPECT_EQ(
      teacher->word_loss(teacher->look(pictures_), inputs_, targets, logits, 2).item<double>(), 0);
}

TEST_F(TeacherTest, TellsTheTagsThatBothHave) {
  // The classes of the bundle are dog, nothing, cat, ball, dog.
  const std::vector<int> ours{tag_words_[3], tag_words_[2], 14};
  const auto teacher = open(material(words_, ours));
  const auto view = teacher->look(pictures_);
  ASSERT_EQ(view.tags.sizes(), torch::IntArrayRef({3, 5, 2}));
  const auto scores =
      Tagger(tensors_, config_.grid_width(), config_.grid_height())
          .logits(encode_pictures(Encoder(config_.encoder, tensors_), config_, pictures_));
  EXPECT_TRUE(torch::allclose(view.tags.select(2, 0), torch::sigmoid(scores.select(2, 3))));
  EXPECT_TRUE(torch::allclose(view.tags.select(2, 1), torch::sigmoid(scores.select(2, 2))));
  const auto right =
      torch::stack({scores.select(2, 3), scores.select(2, 2), scores.select(2, 1)}, 2);
  EXPECT_LT(teacher->tag_loss(view, right).item<double>(),
            teacher->tag_loss(view, right + 1).item<double>());
  EXPECT_LT(teacher->tag_loss(view, right).item<double>(),
            teacher->tag_loss(view, right - 1).item<double>());
}

TEST_F(TeacherTest, LooksAtPicturesOfTheSameSizeOnly) {
  Material other = material(words_, {});
  other.config.input_width = 96;
  const auto opened = TeacherModel::open(directory_.path(), other);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message,
              AllOf(HasSubstr("64x64"), HasSubstr("96x64"), HasSubstr("--teacher-model")));
}

// A full model of the colours, and a pruned one.
class Student : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    full_ = new Workshop;
    pruned_ = new TemporaryDirectory;
    TrainOptions options = full_->options();
    options.joint.epochs = options.reward.epochs = 0;
    train_all(options);
    PruneOptions prune;
    prune.model = full_->output_.path();
    prune.output = pruned_->path();
    prune.macs = {0.4, true};
    prune.multiple = 4;
    prune.rounds = 1;
    prune.threads = 1;
    const TemporaryDirectory work;
    prune.work = work.path();
    for (const Colour& colour : colours())
      prune.pictures.push_back(std::string(colour.name) + ".png");
    const auto done = prune_bundle(prune, read_colour, {no_progress, [](const std::string&) {}});
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  static void TearDownTestSuite() {
    delete pruned_;
    delete full_;
  }

  TrainOptions options() const {
    TrainOptions options = workshop_.options();
    options.backbone = options.start = pruned_->path();
    options.teacher_model = full_->output_.path();
    const auto bundle = open_bundle(pruned_->path(), WeightFile::Master);
    const DecoderConfig decoder = bundle.value().config.decoder;
    options.feature_size = decoder.feature_size;
    options.attention_size = decoder.attention_size;
    options.embedding_size = decoder.embedding_size;
    options.hidden_size = decoder.hidden_size;
    options.decoder.epochs = options.reward.epochs = 0;
    options.joint = {60, 5e-3, 2e-4};
    options.dropout = 0;
    return options;
  }

  static Workshop* full_;
  static TemporaryDirectory* pruned_;
  Workshop workshop_;
};

Workshop* Student::full_ = nullptr;
TemporaryDirectory* Student::pruned_ = nullptr;

TEST_F(Student, ComesNearerToItsTeacher) {
  TrainOptions options = this->options();
  options.teacher_weight = 1;  // the loss is the distance from the teacher
  const Log log = train_all(options);
  ASSERT_EQ(log.size(), 60U);
  EXPECT_LT(log.back().at("loss").get<double>(), 0.5 * log.front().at("loss").get<double>());
}

TEST_F(Student, LearnsAllOfThePrunedNetwork) {
  TrainOptions options = this->options();
  options.joint.epochs = 1;
  train_all(options);
  const auto before = open_bundle(pruned_->path(), WeightFile::Master);
  const auto after = open_bundle(workshop_.output_.path(), WeightFile::Master);
  ASSERT_TRUE(before.ok() && after.ok());
  const NamedTensors weights = fp32_tensors(before.value().weights);
  for (const auto& [name, tensor] : fp32_tensors(after.value().weights)) {
    ASSERT_EQ(tensor.sizes(), weights.at(name).sizes()) << name;
    if (name.find(".weight") != std::string::npos) {
      EXPECT_FALSE(tensor.equal(weights.at(name))) << name;
    }
  }
}

TEST_F(Student, ListensWithAFrozenEncoderToo) {
  TrainOptions options = this->options();
  options.joint.epochs = 0;
  options.decoder = {5, 3e-3, 0};
  options.teacher_weight = 1;
  const Log log = train_all(options);
  EXPECT_LT(log.back().at("loss").get<double>(), log.front().at("loss").get<double>());
  EXPECT_EQ(workshop_.work_.read("features.json"), "") << "teacher and student see varied pictures";
}

TEST_F(Student, DoesNotGoOnWithAnotherTeacher) {
  TrainOptions options = this->options();
  options.joint.epochs = 1;
  train_all(options);
  options.resume = true;
  options.teacher_weight = 0.25;
  Log log;
  const auto resumed = train_epochs(options, -1, log);
  ASSERT_FALSE(resumed.ok());
  EXPECT_THAT(resumed.error().message, HasSubstr("--teacher-weight was 0.7 and is 0.25"));
}

TEST_F(Student, IsToldAtOnceWhereThereIsNoTeacher) {
  TrainOptions options = this->options();
  options.teacher_model = "nowhere";
  Log log;
  const auto trained = train_epochs(options, -1, log);
  ASSERT_FALSE(trained.ok());
  EXPECT_EQ(trained.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(trained.error().message, HasSubstr("nowhere"));
}

// The classifier that tags learn from has left its answers in the work folder.
TEST(TagTeacher, MustBeTheSameWhenARunGoesOn) {
  struct Change {
    std::function<void(const Workshop&, TrainOptions&)> make;
    std::string words;
  };
  const std::string table = "class\tlabel\tnoun\n0\tcar\tcar\n";
  const auto write_classifier = [](const Workshop& workshop, double bias) {
    const int channels = tiny_config().encoder.head_channels;
    ASSERT_TRUE(save_tensors(workshop.data_.file("classifier.safetensors"),
                             {{"classifier.weight", torch::zeros({2, channels})},
                              {"classifier.bias", torch::full({2}, bias)}})
                    .ok());
  };
  const std::vector<Change> changes = {
      {[&](const Workshop& workshop, TrainOptions&) {
         workshop.data_.write("nouns.tsv", table + "1\tvehicle\tcar\n");
       },
       "--teacher-nouns was "},
      {[&](const Workshop& workshop, TrainOptions&) { write_classifier(workshop, 1); },
       "--teacher-classifier was "},
      {[](const Workshop&, TrainOptions& options) { options.teacher = {}; },
       "--teacher-backbone was "},
  };
  for (const Change& change : changes) {
    const Workshop workshop;
    std::string captions;
    for (const Colour& colour : colours())
      captions += std::string(colour.name) + ".png\tA " + colour.name + " car .\n";
    workshop.data_.write("captions.txt", captions);
    write_classifier(workshop, 0);
    TrainOptions options = workshop.short_options();
    options.joint.epochs = options.reward.epochs = 0;
    options.tag_cells = 1;
    options.teacher = {options.backbone, workshop.data_.file("classifier.safetensors"),
                       workshop.data_.write("nouns.tsv", table + "1\tsky\t\n")};
    train_all(options);
    options.resume = true;
    Log log;
    EXPECT_TRUE(train_epochs(options, -1, log).ok()) << "as long as it is";
    change.make(workshop, options);
    const auto resumed = train_epochs(options, -1, log);
    ASSERT_FALSE(resumed.ok()) << change.words;
    EXPECT_THAT(resumed.error().message, HasSubstr(change.words));
  }
}

}  // namespace
}  // namespace jetsoncaption
