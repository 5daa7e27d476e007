// SPDX-License-Identifier: LGPL-2.1-or-later
// Names the stages and says which tensors each of them changes.
#include "train/stage.h"

namespace jetsoncaption {

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
  return name.compare(0, 8, "decoder.") == 0;
}

bool trains(Stage stage, const std::string& name) {
  return stage == Stage::Joint || is_decoder_tensor(name);
}

}  // namespace jetsoncaption
