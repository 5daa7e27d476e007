// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption train` as a shell sees it: the commands of docs/train-your-own.md, in small.
#include <cstdlib>
#include <string>

#include "fakes/places.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "tools/child_process.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{250};

struct Outcome {
  int exit_code = -1;
  std::string text;  // standard output and standard error
};

// With $SHAPES, $WORK, $OUTPUT and $MODEL, a tiny bundle.
class TrainCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_tiny_bundle(model_.path(), 1).ok());
    setenv("SHAPES", shapes_.path().c_str(), 1);
    setenv("WORK", work_.path().c_str(), 1);
    setenv("OUTPUT", output_.path().c_str(), 1);
    setenv("MODEL", model_.path().c_str(), 1);
    setenv("JETSONCAPTION", JETSONCAPTION_PROGRAM, 1);
    ASSERT_EQ(run(std::string(JETSONCAPTION_MAKE_SHAPES) + " $SHAPES 20").exit_code, 0);
  }

  static Outcome run(const std::string& command) {
    const auto ran = run_child({"/bin/sh", "-c", command + " 2>&1"}, kPatience);
    EXPECT_TRUE(ran.ok());
    return ran.ok() ? Outcome{ran.value().exit_code, ran.value().output} : Outcome();
  }
  static Outcome train(const std::string& more, int epochs = 1) {
    return run(
        "$JETSONCAPTION train --images $SHAPES --captions $SHAPES/captions.csv --work $WORK "
        "--output $OUTPUT --min-count 1 --views 1 --tag-cells 0 "
        "--joint-epochs 0 --reward-epochs 0 --frozen-blocks 0 --decoder-epochs " +
        std::to_string(epochs) + " " + more);
  }

  TemporaryDirectory shapes_;
  TemporaryDirectory work_;
  TemporaryDirectory output_;
  TemporaryDirectory model_;
};

TEST_F(TrainCommand, TakesAFolderWithACsvAndABundleToStartFrom) {
  const Outcome trained = train("--start $MODEL");
  EXPECT_EQ(trained.exit_code, 0) << trained.text;
  EXPECT_THAT(
      trained.text,
      AllOf(HasSubstr(" pictures to learn from, "), HasSubstr("All epochs together take about "),
            HasSubstr("\"stage\":\"decoder\""), HasSubstr("The model is in ")));
  const Outcome described = run("$JETSONCAPTION describe --model $OUTPUT $SHAPES/shape3.png");
  EXPECT_EQ(described.exit_code, 0) << described.text;
  EXPECT_THAT(described.text, HasSubstr("shape3.png: "));
}

TEST_F(TrainCommand, NamesWhatIsWrongAndGoesOn) {
  shapes_.write("shape3.png", "no picture");
  unlink(shapes_.file("shape4.png").c_str());
  shapes_.write("captions.csv", shapes_.read("captions.csv") + "shape5.png\n");
  const Outcome trained = train("--backbone $MODEL --hidden-size 16");
  EXPECT_EQ(trained.exit_code, 0) << trained.text;
  EXPECT_THAT(trained.text, AllOf(HasSubstr("line 102: it has 1 of 2 columns"),
                                  HasSubstr("2 pictures cannot be read and are left out"),
                                  HasSubstr("shape3.png: "), HasSubstr("shape4.png: ")));
}

TEST_F(TrainCommand, NeitherOverwritesARunNorGoesOnWithAnother) {
  ASSERT_EQ(train("--start $MODEL").exit_code, 0);
  const Outcome again = train("--start $MODEL");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.text, HasSubstr("has checkpoints of an earlier run (checkpoint-decoder.json)"));
  const Outcome other = train("--start $MODEL --resume --seed 7");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.text, HasSubstr("--seed was 1 and is 7"));
  const Outcome longer = train("--start $MODEL --resume", 2);
  EXPECT_EQ(longer.exit_code, 0) << longer.text;
}

TEST_F(TrainCommand, SaysWhereTheEncoderShouldComeFrom) {
  const Outcome trained = train("");
  EXPECT_EQ(trained.exit_code, 2);
  EXPECT_THAT(trained.text, AllOf(HasSubstr("--backbone"), HasSubstr("--start")));
}

// Hours would have passed until the bundle could not be opened.
TEST_F(TrainCommand, RefusesANameThatNoBundleMayHave) {
  const Outcome trained = train("--start $MODEL --name ''");
  EXPECT_EQ(trained.exit_code, 2) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("--name is \"\"; use a text of 1 to 4096 bytes"));
}

TEST_F(TrainCommand, LeavesListsForQuantize) {
  ASSERT_EQ(train("--start $MODEL").exit_code, 0);
  const Outcome quantized = run(
      "$JETSONCAPTION quantize --model $OUTPUT --images $SHAPES --captions $SHAPES/captions.csv "
      "--calibration-list $WORK/train.txt --dev-list $WORK/dev.txt");
  EXPECT_EQ(quantized.exit_code, 0) << quantized.text;
  EXPECT_THAT(quantized.text, HasSubstr("int8 "));
  const Outcome described =
      run("$JETSONCAPTION describe --model $OUTPUT --precision int8 $SHAPES/shape3.png");
  EXPECT_EQ(described.exit_code, 0) << described.text;
}

TEST_F(TrainCommand, SaysThatItRunsOnTheCpu) {
  const Outcome help = run("$JETSONCAPTION train --help");
  EXPECT_THAT(help.text, AllOf(HasSubstr("runs on the CPU"), testing::Not(HasSubstr("GPU"))));
}

// `jetsoncaption prune` with what it takes to get it going.
class PruneCommand : public TrainCommand {
 protected:
  void SetUp() override {
    TrainCommand::SetUp();
    setenv("PRUNED", pruned_.path().c_str(), 1);
    setenv("PRUNING", pruning_.path().c_str(), 1);
    shapes_.write("list.txt", "shape1.png\nshape2.png\nshape3.png\n");
  }
  static Outcome prune(const std::string& more) {
    return run(
        "$JETSONCAPTION prune --model $MODEL --images $SHAPES --list $SHAPES/list.txt --rounds 1 "
        "--multiple 4 --work $PRUNING --output $PRUNED " +
        more);
  }

  TemporaryDirectory pruned_;
  TemporaryDirectory pruning_;
};

TEST_F(PruneCommand, MakesAModelThatLearnsFromTheFullOne) {
  const Outcome pruned = prune("--target-macs 60%");
  EXPECT_EQ(pruned.exit_code, 0) << pruned.text;
  EXPECT_THAT(pruned.text,
              AllOf(HasSubstr("Round 1 of 1: "), HasSubstr("before: "), HasSubstr("after: "),
                    HasSubstr(" -> "), HasSubstr("The smaller model is in ")));
  const Outcome trained = train("--start $PRUNED --teacher-model $MODEL");
  EXPECT_EQ(trained.exit_code, 0) << trained.text;
  const Outcome described = run("$JETSONCAPTION describe --model $OUTPUT $SHAPES/shape3.png");
  EXPECT_EQ(described.exit_code, 0) << described.text;
}

TEST_F(PruneCommand, PrintsFiguresAsJson) {
  const Outcome pruned = prune("--target-size 90% --json 2>/dev/null");
  EXPECT_EQ(pruned.exit_code, 0) << pruned.text;
  EXPECT_THAT(pruned.text, AllOf(HasSubstr("\"before\":{"), HasSubstr("\"caption_macs\":"),
                                 HasSubstr("\"int8_bytes\":"), HasSubstr("\"changed\":{\"")));
}

TEST_F(PruneCommand, SaysWhatASizeIs) {
  for (const std::string size : {"5x", "-3M", "0", "nan", "%"}) {
    const Outcome pruned = prune("--target-size=" + size);
    EXPECT_EQ(pruned.exit_code, 2) << size;
    EXPECT_THAT(pruned.text, HasSubstr("--target-size: '" + size + "' is no size; use a number"));
  }
}

TEST_F(PruneCommand, SaysHowSmallTheModelCanBecome) {
  const Outcome pruned = prune("--target-macs 1k");
  EXPECT_EQ(pruned.exit_code, 2);
  EXPECT_THAT(pruned.text, HasSubstr("cannot be reached: the smallest model that "));
}

TEST_F(PruneCommand, NamesAListThatIsMissing) {
  const Outcome pruned = prune("--target-macs 60% --images $SHAPES --list $SHAPES/nothing.txt");
  EXPECT_EQ(pruned.exit_code, 2);
  EXPECT_THAT(pruned.text, HasSubstr("nothing.txt"));
}

// What is measured with is read as what is learnt from.
TEST_F(TrainCommand, IsFollowedByCalibrateAndQuantizeWithTheSameCsv) {
  shapes_.write("list.txt", "shape1.png\nshape2.png\nshape3.png\n");
  const Outcome calibrated = run(
      "$JETSONCAPTION calibrate --model $MODEL --images $SHAPES --captions $SHAPES/captions.csv "
      "--list $SHAPES/list.txt --beam-size 1");
  EXPECT_THAT(calibrated.text, AllOf(HasSubstr("tag weight 0.00, set 1: CIDEr-D"),
                                     HasSubstr("at least 10 of each")));
  const Outcome quantized =
      run("$JETSONCAPTION quantize --model $MODEL --images $SHAPES --captions $SHAPES/captions.csv "
          "--calibration-list $SHAPES/list.txt --dev-list $SHAPES/list.txt");
  EXPECT_EQ(quantized.exit_code, 0) << quantized.text;
  EXPECT_THAT(quantized.text, HasSubstr("precision   size (MB)"));
}

TEST_F(TrainCommand, SaysWhichFileIsNoBackbone) {
  const Outcome imported =
      run("$JETSONCAPTION import-backbone $SHAPES/shape3.png --output $WORK/backbone.safetensors");
  EXPECT_EQ(imported.exit_code, 2);
  EXPECT_THAT(imported.text, HasSubstr("shape3.png is no TensorFlow Lite file"));
}

}  // namespace
}  // namespace jetsoncaption
