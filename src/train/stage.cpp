// SPDX-License-Identifier: LGPL-2.1-or-later
// Names the stages and says which tensors each of them changes.
#include "train/stage.h"

#include <cstdlib>
#include <limits>

#include "base/text.h"

namespace jetsoncaption {
namespace {

// "encoder.stem.bias" counts as part of block 0, "encoder.blocks.3.project.bias" is in block 3, and
// "encoder.head.bias" behind all of them.
int block_of_encoder(const std::string& name) {
  static const std::string kBlock = "encoder.blocks.";
  if (starts_with(name, kBlock))
    return std::atoi(name.c_str() + kBlock.size());
  return starts_with(name, "encoder.stem.") ? 0 : std::numeric_limits<int>::max();
}

}  // namespace

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::Decoder:
      return "decoder";
    case Stage::Joint:
      return "joint";
    case Stage::Reward:
      return "reward";
  }
  return "";
}

const StageOptions& stage_options(const TrainOptions& options, Stage stage) {
  return stage == Stage::Decoder ? options.decoder
         : stage == Stage::Joint ? options.joint
                                 : options.reward;
}

bool is_decoder_tensor(const std::string& name) {
  return starts_with(name, "decoder.");
}

bool trains_encoder(const TrainOptions& options, Stage stage) {
  return stage_options(options, stage).encoder_learning_rate > 0;
}

bool has_teacher(const TrainOptions& options, Stage stage) {
  return !options.teacher_model.empty() && stage != Stage::Reward;
}

bool keeps_features(const TrainOptions& options, Stage stage) {
  return !trains_encoder(options, stage) && options.views > 0 && !has_teacher(options, stage);
}

bool trains(const TrainOptions& options, Stage stage, const std::string& name) {
  return is_decoder_tensor(name) ||
         (trains_encoder(options, stage) && block_of_encoder(name) >= options.frozen_blocks);
}

}  // namespace jetsoncaption
