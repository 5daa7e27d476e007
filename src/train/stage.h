// SPDX-License-Identifier: LGPL-2.1-or-later
// The stages of training and what each of them changes.
#pragma once

#include <string>

#include "train/options.h"

namespace jetsoncaption {

enum class Stage { Decoder, Joint, Reward };
constexpr Stage kStages[] = {Stage::Decoder, Stage::Joint, Stage::Reward};  // in this order

const char* stage_name(Stage stage);  // "decoder": in file names and in the log
const StageOptions& stage_options(const TrainOptions& options, Stage stage);

bool is_decoder_tensor(const std::string& name);
// Whether the stage changes the encoder, and the tensor of that name.
bool trains_encoder(const TrainOptions& options, Stage stage);
bool trains(const TrainOptions& options, Stage stage, const std::string& name);

// Whether the stage listens to the teacher model: where sentences are given, not drawn.
bool has_teacher(const TrainOptions& options, Stage stage);
// Whether the features of the pictures are computed once and kept: the encoder must stay as it is,
// and a teacher wants to see the same pictures.
bool keeps_features(const TrainOptions& options, Stage stage);

}  // namespace jetsoncaption
