// SPDX-License-Identifier: LGPL-2.1-or-later
// A folder with captions becomes data sets, in the order of its lists, without what is no use.
#include "train/source_reading.h"

#include <string>
#include <vector>

#include <torch/torch.h>

#include "colours.h"
#include "fakes/temporary_directory.h"
#include "text/language.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

void no_progress(const std::string&, int, int) {}

class SourceReadingTest : public testing::Test {
 protected:
  Result<SourceSets> read(const std::string& captions, const std::string& train_list = "",
                          const std::string& dev_list = "") {
    tokenizer_ = std::move(make_tokenizer("en").value());
    reading_.tokenizer = tokenizer_.get();
    reading_.store = directory_.file("store");
    DataSource source{"pictures", directory_.write("captions.txt", captions), "", ""};
    if (!train_list.empty())
      source.train_list = directory_.write("train.txt", train_list);
    if (!dev_list.empty())
      source.dev_list = directory_.write("dev.txt", dev_list);
    return read_source(source, reading_, read_colour, no_progress);
  }

  TemporaryDirectory directory_;
  SourceReading reading_{10, 6, 2, "", true, nullptr};
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(SourceReadingTest, KeepsTheOrderOfTheListAndOfTheSentences) {
  const auto sets = read("red.png\tA red one.\ngreen.png\tGreen!\nred.png\tRed again\n",
                         "green.png\nred.png\n", "red.png\n");
  ASSERT_TRUE(sets.ok()) << sets.error().message;
  const Dataset& train = sets.value().train;
  EXPECT_THAT(train.ids, ElementsAre("green.png", "red.png"));
  EXPECT_EQ(train.references, (std::vector<std::vector<Words>>{
                                  {{"green"}}, {{"a", "red", "one"}, {"red", "again"}}}));
  EXPECT_THAT(sets.value().dev.ids, ElementsAre("red.png"));
}

TEST_F(SourceReadingTest, KeepsPicturesAsPlanesOfTheSizeThatIsAskedFor) {
  const auto sets =
      read("red.png\tred\nturquoise.png\tturquoise\n", "red.png\nturquoise.png\n", "red.png\n");
  ASSERT_TRUE(sets.ok()) << sets.error().message;
  const torch::Tensor pictures = sets.value().train.pictures.range(0, 2);
  ASSERT_EQ(pictures.sizes(), (std::vector<int64_t>{2, 3, 6, 10}));
  const std::vector<std::vector<int>> planes = {{255, 0, 0}, {0, 255, 255}};
  for (int64_t picture = 0; picture < 2; ++picture) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      const int value = planes[static_cast<size_t>(picture)][static_cast<size_t>(channel)];
      EXPECT_TRUE((pictures[picture][channel] == value).all().item<bool>());
    }
  }
  EXPECT_TRUE(torch::equal(sets.value().dev.pictures.range(0, 1), pictures.narrow(0, 0, 1)));
}

TEST_F(SourceReadingTest, LeavesOutPicturesThatCannotBeReadOrHaveNoWords) {
  const auto sets = read("blue.png\tblue\nred.png\tred\ngreen.png\t...\nwhite.png\twhite\n",
                         "blue.png\nred.png\ngreen.png\nwhite.png\n", "white.png\n");
  ASSERT_TRUE(sets.ok()) << sets.error().message;
  EXPECT_THAT(sets.value().train.ids, ElementsAre("red.png", "white.png"));
  EXPECT_EQ(sets.value().train.pictures.size(), 2);
  EXPECT_EQ(sets.value().train.pictures.range(0, 1)[0][0][0][0].item<int>(), 255) << "red";
}

TEST_F(SourceReadingTest, SaysWhenNothingIsLeftToMeasureOn) {
  const auto sets = read("blue.png\tblue\nred.png\tred\n", "red.png\n", "blue.png\n");
  ASSERT_FALSE(sets.ok());
  EXPECT_THAT(sets.error().message, HasSubstr("no picture remains to measure on: blue.png: "));
}

TEST_F(SourceReadingTest, SaysWhyNothingIsLeftWhereNoSentenceHasAWord) {
  const auto neither = read("red.png\t-\ngreen.png\t...\n");
  ASSERT_FALSE(neither.ok());
  EXPECT_EQ(neither.error().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(neither.error().message, AllOf(HasSubstr("no picture remains to learn from: "),
                                             HasSubstr(".png has no sentence with a word in it")));

  const auto no_dev = read("red.png\t-\nwhite.png\twhite\n", "white.png\n", "red.png\n");
  ASSERT_FALSE(no_dev.ok());
  EXPECT_THAT(
      no_dev.error().message,
      HasSubstr("no picture remains to measure on: red.png has no sentence with a word in it"));
}

TEST_F(SourceReadingTest, NamesTheReasonOfThePartThatIsEmpty) {
  std::string captions = "purple.png\tpurple\nred.png\tred\n";
  std::string train = "red.png\n";
  for (int i = 0; i < 20; ++i) {  // more than are named in a warning
    captions += "lost" + std::to_string(i) + ".png\tlost\n";
    train += "lost" + std::to_string(i) + ".png\n";
  }
  const auto sets = read(captions, train, "purple.png\n");
  ASSERT_FALSE(sets.ok());
  EXPECT_THAT(sets.error().message, HasSubstr("no picture remains to measure on: purple.png: "));
}

TEST_F(SourceReadingTest, MayBeOnlyLearntFromWhenDevPicturesAreElsewhere) {
  reading_.needs_dev = false;
  const auto sets = read("white.png\twhite\nred.png\tred\n", "red.png\nwhite.png\n");
  ASSERT_TRUE(sets.ok()) << sets.error().message;
  EXPECT_EQ(sets.value().train.size(), 2);
  EXPECT_EQ(sets.value().dev.size(), 0);
}

}  // namespace
}  // namespace jetsoncaption
