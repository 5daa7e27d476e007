// SPDX-License-Identifier: LGPL-2.1-or-later
// A larger captioner that a smaller one learns from: not only which word comes next, but how likely
// all others are (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
#pragma once

#include <memory>
#include <string>

#include <torch/types.h>

#include "base/result.h"
#include "bundle/bundle.h"
#include "torch/network.h"
#include "train/material.h"

namespace jetsoncaption {

class TeacherModel {
 public:
  // Of a bundle, for a student with this material; words and tags need not be the same. NotFound,
  // CorruptModel, InvalidArgument when it looks at pictures of another size.
  static Result<std::unique_ptr<TeacherModel>> open(const std::string& directory,
                                                    const Material& material);

  // What it sees in B pictures.
  struct View {
    Decoder::Picture picture;
    torch::Tensor tags;  // of the student's classes, float [B, W, T]: probability; undefined
                         // where one of the two has no tags
  };
  View look(const torch::Tensor& pictures) const;  // uint8 [B, 3, H, W]

  // How far a student is from it, mean over the words (Kullback-Leibler divergence): `logits`
  // [N, V] are the student's of score_sentences() for the same sentences, inputs and targets
  // [B, K, T] in its word ids. Words the teacher does not know count neither as targets nor as
  // alternatives. A higher temperature makes more of what is unlikely; gradients are as large with
  // any.
  torch::Tensor word_loss(const View& view, const torch::Tensor& inputs,
                          const torch::Tensor& targets, const torch::Tensor& logits,
                          double temperature) const;
  // The same of its tags, `scores` [B, W, T] of the student: mean binary cross entropy.
  torch::Tensor tag_loss(const View& view, const torch::Tensor& scores) const;

 private:
  TeacherModel(Bundle bundle, const Material& material);

  const Bundle bundle_;
  const NamedTensors tensors_;
  const Encoder encoder_;
  const Decoder decoder_;
  torch::Tensor words_;        // int64 [V]: the teacher's id of each word of the student, or -1
  bool has_our_words_;         // and no others, in the same order
  torch::Tensor tag_classes_;  // int64: its classes that the student has too
  torch::Tensor own_classes_;  // int64: the student's
};

}  // namespace jetsoncaption
