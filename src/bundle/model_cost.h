// SPDX-License-Identifier: LGPL-2.1-or-later
// What a model costs, from its sizes alone, and what it may cost.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "bundle/config.h"

namespace jetsoncaption {

// Without anything that its pictures or sentences decide. The sizes that parse_config() takes are
// so small that no sum overflows.
struct ModelCost {
  int64_t picture_macs = 0;  // multiply-adds before the first word
  int64_t word_macs = 0;     // and for each word of greedy search
  int64_t weight_bytes = 0;  // of model-int8.safetensors, at most

  // Of a caption of usual length: ten words.
  int64_t caption_macs() const { return picture_macs + 10 * word_macs; }
};
ModelCost cost_of(const ModelConfig& config, int words);

// The most bytes that hold what is computed of a picture at one time, in fp32 with LibTorch, which
// takes more than int8 does.
int64_t activation_bytes(const ModelConfig& config, int words);

// Beam search compares at most so many sentences.
constexpr int kMostSentences = 16;

// What a bundle may ask for: some fifty times what ours do. A file that somebody sends must not be
// able to fill the memory or to stop an application for minutes.
constexpr int64_t kMostPictureMacs = 20'000'000'000;
constexpr int64_t kMostWordMacs = 200'000'000;
constexpr int64_t kMostActivationBytes = int64_t{1} << 30;
constexpr int64_t kMostWeights = int64_t{1} << 28;  // numbers: 1 GiB in fp32

// CorruptModel with what is asked for and what is allowed. `file` begins the message.
Result<void> check_cost(const ModelConfig& config, int words, const std::string& file);

}  // namespace jetsoncaption
