// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be chosen about a training.
#pragma once

#include <cstdint>
#include <string>

namespace jetsoncaption {

struct StageOptions {
  int epochs = 0;  // 0 leaves the stage out
  double decoder_learning_rate = 0;
  double encoder_learning_rate = 0;  // 0 leaves the encoder as it is
};

struct TrainOptions {
  std::string images;      // directory of the pictures
  std::string captions;    // FILE<TAB>sentence
  std::string train_list;  // file names, one a line
  std::string dev_list;
  std::string backbone;  // .safetensors of the encoder to start from; its .json is read beside it
  std::string start;     // bundle whose weights to start from instead; empty: none
  std::string work;      // directory for checkpoints, cached features and the log; made if missing
  std::string output;    // bundle directory; made if missing
  std::string name = "captioner";
  std::string licence;
  std::string training_data;

  StageOptions decoder{10, 1.2e-3, 0};
  StageOptions joint{4, 3e-4, 1e-4};
  StageOptions reward{4, 5e-5, 0};

  int batch = 16;          // pictures; each with five sentences
  int feature_size = 512;  // sizes as in DecoderConfig
  int attention_size = 256;
  int embedding_size = 256;
  int hidden_size = 512;
  int min_count = 5;                // a word must occur as often in the training sentences
  int max_words = 20;               // longer sentences are cut
  double dropout = 0.4;             // of the decoder's values
  double feature_dropout = 0.3;     // of the encoder's values, as the decoder sees them
  double weight_decay = 0.1;        // a step takes this share of the learning rate off every weight
  double reward_temperature = 0.5;  // of the sentences that are drawn in the reward stage
  double label_smoothing = 0.1;
  double average_decay = 0.998;  // of the running mean of the weights that is measured and kept
  int frozen_blocks = 6;         // of the encoder, from the first one on, never change
  uint64_t seed = 1;
  int threads = 0;        // 0: all cores
  bool bfloat16 = false;  // matrix products in bfloat16: faster where the processor has AMX
  bool resume = false;    // go on after the last finished epoch in `work`
};

}  // namespace jetsoncaption
