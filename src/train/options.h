// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be chosen about a training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jetsoncaption {

struct StageOptions {
  int epochs = 0;  // 0 leaves the stage out
  double decoder_learning_rate = 0;
  double encoder_learning_rate = 0;  // 0 leaves the encoder as it is
};

// A folder of pictures and what people said of them. The same may be given again with another list:
// the pictures of both are seen twice a pass.
struct DataSource {
  std::string images;      // directory of the pictures
  std::string captions;    // in any format of text/caption_formats.h
  std::string train_list;  // file names, one a line. Both lists empty: split as
                           // text/caption_split.h says
  std::string dev_list;    // empty beside a list to learn from: none are for measuring, if another
                           // source has some
};

// A classifier that has learnt more pictures than there are here: what it sees in them is learnt
// from it. All empty: there is none.
struct Teacher {
  std::string backbone;    // .safetensors of its encoder, with the .json beside it
  std::string classifier;  // .safetensors with classifier.weight [classes, C] and classifier.bias
  std::string nouns;       // lines of class<TAB>label<TAB>noun after a heading
};

struct TrainOptions {
  std::vector<DataSource> sources;     // at least one
  std::vector<std::string> sentences;  // files of sentences without pictures, one a line
  Teacher teacher;
  std::string
      backbone;        // encoder to start from: .safetensors with its .json beside it, or a bundle
  std::string start;   // bundle whose weights to start from instead; empty: none
  std::string work;    // directory for checkpoints, cached features and the log; made if missing
  std::string output;  // bundle directory; made if missing
  std::string name = "captioner";
  std::string teacher_model;  // bundle of a better captioner to learn from, too; empty: none
  std::string licence;
  std::string training_data;
  std::string language = "en";  // of the sentences (BCP 47)

  StageOptions decoder{10, 1.2e-3, 0};
  StageOptions joint{4, 3e-4, 1e-4};
  StageOptions reward{4, 5e-5, 0};

  int batch = 16;          // pictures; each with five sentences
  int feature_size = 512;  // sizes as in DecoderConfig
  int attention_size = 256;
  int embedding_size = 256;
  int hidden_size = 512;
  int tag_cells = 8;                // tags the decoder is shown; 0: a model without tags
  int min_count = 5;                // a word must occur as often in the training sentences
  int min_text_count = 40;          // or as often in the sentences without pictures
  int max_words = 20;               // longer sentences are cut
  double dropout = 0.4;             // of the decoder's values
  double feature_dropout = 0.3;     // of the encoder's values, as the decoder sees them
  double weight_decay = 0.1;        // a step takes this share of the learning rate off every weight
  double reward_temperature = 0.5;  // of the sentences that are drawn in the reward stage
  double untrue_penalty = 0.3;      // taken off the reward for each thing that no reference names
  int text_batch = 24;              // sentences without pictures beside each batch of pictures
  double text_weight = 0.5;         // of their loss
  double tag_weight = 10;           // of the loss of the tags
  double teacher_weight = 0.7;      // of what the teacher says, beside the sentences by people
  double teacher_temperature = 2;   // its probabilities are made more even by it
  int views =
      6;  // of each picture that are kept in `work`; 0: none is, and pictures are encoded anew
  double label_smoothing = 0.1;
  double average_decay = 0.998;  // of the running mean of the weights that is measured and kept
  int frozen_blocks = 6;         // of the encoder, from the first one on, never change
  int patience = 0;  // a stage ends after so many epochs without a better one; 0: never before time
  uint64_t seed = 1;
  int threads = 0;        // 0: all cores
  bool bfloat16 = false;  // matrix products in bfloat16: faster where the processor has AMX
  bool resume = false;    // go on after the last finished epoch in `work`
};

}  // namespace jetsoncaption
