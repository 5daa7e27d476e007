// SPDX-License-Identifier: LGPL-2.1-or-later
// The decoder of model/network.h word by word, in int8 products and fp32 sums.
#pragma once

#include <vector>

#include "bundle/bundle.h"
#include "bundle/tag_windows.h"
#include "int8/kernels.h"
#include "int8/linear.h"

namespace jetsoncaption {

// Weights are used where the bundle has them: it must outlive the decoder.
class Int8Decoder {
 public:
  Int8Decoder(const Int8Kernels& kernels, const Bundle& bundle);

  int vocabulary_size() const { return word_.outputs(); }

  // Before the first word: encoded [places, stride] * step, and the likeliest tags, which models
  // that have tags are shown as further cells.
  void start(const uint8_t* encoded, int stride, float step, const std::vector<Tag>& tags);

  // As StepScorer::step() and copy_attention().
  void step(const std::vector<int>& parents, const std::vector<int>& words,
            std::vector<float>& log_probabilities);
  void copy_attention(std::vector<float>& maps) const;

 private:
  void add_tag_cells(const std::vector<Tag>& tags);
  void select_hidden(const std::vector<int>& parents);
  void resize_scratch(int rows);
  void attend(int row);
  void update_hidden(int rows);
  void join(int row);
  int gru_inputs() const { return input_.inputs(); }

  const Int8Kernels& kernels_;
  const DecoderConfig sizes_;
  const int places_;     // of the grid
  const int tag_count_;  // 0: the model has no tags
  const int cells_;      // places and tags
  const Int8Linear feature_, initial_, key_, query_, gate_, state_, input_, output_, word_;
  std::vector<Int8Linear> tag_;   // one, where the model has tags
  const float* attention_score_;  // [A]

  // Of the picture that is described.
  std::vector<float> features_;  // [cells, F]
  std::vector<float> keys_;      // [cells, A]
  std::vector<float> hidden_;    // [rows, H]

  // Scratch, kept so that captions allocate nothing.
  QuantizedRows quantized_;
  std::vector<float> previous_, queries_, gates_, state_values_, gru_inputs_, input_values_;
  std::vector<float> joined_, word_vectors_, mean_, tag_inputs_;
  std::vector<float> attention_;  // [rows, cells], of the newest step
};

}  // namespace jetsoncaption
