// SPDX-License-Identifier: LGPL-2.1-or-later
// Rates and frozen blocks decide which tensors a stage changes.
#include "train/stage.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TrainOptions options_with(double encoder_rate, int frozen_blocks) {
  TrainOptions options;
  options.reward.encoder_learning_rate = encoder_rate;
  options.frozen_blocks = frozen_blocks;
  return options;
}

TEST(Stage, AlwaysChangesTheDecoder) {
  for (const Stage stage : kStages)
    EXPECT_TRUE(trains(options_with(0, 3), stage, "decoder.word.bias")) << stage_name(stage);
}

TEST(Stage, ChangesNoEncoderWithoutALearningRateForIt) {
  const TrainOptions options = options_with(0, 0);
  EXPECT_FALSE(trains_encoder(options, Stage::Reward));
  EXPECT_FALSE(trains(options, Stage::Reward, "encoder.head.bias"));
  EXPECT_FALSE(trains(options, Stage::Reward, "encoder.blocks.16.project.weight"));
}

TEST(Stage, ChangesTheEncoderBehindItsFrozenBlocks) {
  const TrainOptions options = options_with(1e-5, 3);
  EXPECT_TRUE(trains_encoder(options, Stage::Reward));
  EXPECT_FALSE(trains(options, Stage::Reward, "encoder.stem.weight"));
  EXPECT_FALSE(trains(options, Stage::Reward, "encoder.blocks.2.project.bias"));
  EXPECT_TRUE(trains(options, Stage::Reward, "encoder.blocks.3.depthwise.weight"));
  EXPECT_TRUE(trains(options, Stage::Reward, "encoder.blocks.12.expand.weight"));
  EXPECT_TRUE(trains(options, Stage::Reward, "encoder.head.weight"));
}

TEST(Stage, FreezesTheStemWithTheFirstBlockOnly) {
  EXPECT_TRUE(trains(options_with(1e-5, 0), Stage::Reward, "encoder.stem.bias"));
  EXPECT_FALSE(trains(options_with(1e-5, 1), Stage::Reward, "encoder.stem.bias"));
}

TEST(Stage, ListensToATeacherWhereSentencesAreGiven) {
  TrainOptions options;
  EXPECT_FALSE(has_teacher(options, Stage::Joint));
  EXPECT_TRUE(keeps_features(options, Stage::Decoder));
  options.teacher_model = "full";
  EXPECT_TRUE(has_teacher(options, Stage::Decoder));
  EXPECT_TRUE(has_teacher(options, Stage::Joint));
  EXPECT_FALSE(has_teacher(options, Stage::Reward));
  EXPECT_FALSE(keeps_features(options, Stage::Decoder)) << "the teacher wants to see the pictures";
  EXPECT_TRUE(keeps_features(options, Stage::Reward));
}

}  // namespace
}  // namespace jetsoncaption
