// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens the teacher, translates words and tags, compares probabilities.
#include "train/teacher_model.h"

#include <map>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "torch/weights.h"
#include "train/feature_store.h"
#include "train/sequence.h"
#include "train/tag_cells.h"

namespace jetsoncaption {
namespace {

constexpr double kNever = -1e4;  // the score of a word that the teacher does not know

// The teacher's id of each of our words, or -1.
torch::Tensor translate_words(const Vocabulary& theirs, const Vocabulary& ours) {
  std::vector<int64_t> ids;
  for (int word = 0; word < ours.size(); ++word)
    ids.push_back(theirs.find(ours.word(word)));
  return torch::tensor(ids, torch::kInt64);
}

}  // namespace

Result<std::unique_ptr<TeacherModel>> TeacherModel::open(const std::string& directory,
                                                         const Material& material) {
  auto opened = open_bundle(directory, WeightFile::Master);
  if (!opened.ok())
    return opened.error();
  const ModelConfig& config = opened.value().config;
  if (config.input_width != material.config.input_width ||
      config.input_height != material.config.input_height) {
    return Error{ErrorKind::InvalidArgument, "The teacher " + directory + " looks at pictures of " +
                                                 std::to_string(config.input_width) + "x" +
                                                 std::to_string(config.input_height) +
                                                 ", but the model that learns at " +
                                                 std::to_string(material.config.input_width) + "x" +
                                                 std::to_string(material.config.input_height) +
                                                 "; choose another --teacher-model, or do without"};
  }
  return std::unique_ptr<TeacherModel>(new TeacherModel(std::move(opened.value()), material));
}

TeacherModel::TeacherModel(Bundle bundle, const Material& material)
    : bundle_(std::move(bundle)),
      tensors_(fp32_tensors(bundle_.weights)),
      encoder_(bundle_.config.encoder, tensors_),
      decoder_(bundle_.config.decoder, tensors_),
      words_(translate_words(bundle_.vocabulary, material.vocabulary)),
      has_our_words_(bundle_.vocabulary.size() == material.vocabulary.size() &&
                     words_.equal(torch::arange(words_.size(0)))) {
  // Several classes may have the same noun, and some have none.
  std::map<std::string, int64_t> classes;
  for (size_t i = 0; i < bundle_.tag_words.size(); ++i) {
    if (bundle_.tag_words[i] >= 0)
      classes.emplace(bundle_.vocabulary.word(bundle_.tag_words[i]), static_cast<int64_t>(i));
  }
  std::vector<int64_t> theirs, ours;
  for (size_t i = 0; i < material.tag_words.size(); ++i) {
    const int word = material.tag_words[i];
    const auto found = word < 0 ? classes.end() : classes.find(material.vocabulary.word(word));
    if (found == classes.end())
      continue;
    theirs.push_back(found->second);
    ours.push_back(static_cast<int64_t>(i));
  }
  if (theirs.empty())
    return;
  tag_classes_ = torch::tensor(theirs, torch::kInt64);
  own_classes_ = torch::tensor(ours, torch::kInt64);
}

TeacherModel::View TeacherModel::look(const torch::Tensor& pictures) const {
  const torch::NoGradGuard no_gradients;
  const ModelConfig& config = bundle_.config;
  const auto features = encode_pictures(encoder_, config, pictures);
  View view;
  if (config.tags.classes == 0) {
    view.picture = decoder_.prepare(features);
    return view;
  }
  const auto scores = Tagger(tensors_, config.grid_width(), config.grid_height()).logits(features);
  const TagCells cells = likeliest_cells(scores, bundle_.tag_words, config.tags.cells);
  view.picture = decoder_.prepare(features, &cells);
  if (tag_classes_.defined())
    view.tags = torch::sigmoid(scores.index_select(2, tag_classes_));
  return view;
}

torch::Tensor TeacherModel::word_loss(const View& view, const torch::Tensor& inputs,
                                      const torch::Tensor& targets, const torch::Tensor& logits,
                                      double temperature) const {
  torch::Tensor known;
  torch::Tensor probabilities, negative_entropy;
  {
    const torch::NoGradGuard no_gradients;
    const auto unknown = words_ < 0;
    const auto translated = words_.masked_fill(unknown, TokenIds().unknown);
    const auto theirs = translated.index_select(0, inputs.flatten()).view(inputs.sizes());
    const auto said = score_sentences(decoder_, view.picture, theirs, targets, 0);
    const auto scores =
        has_our_words_
            ? said.logits
            : said.logits.index_select(1, translated).masked_fill(unknown.unsqueeze(0), kNever);
    const auto wanted = torch::log_softmax(scores / temperature, -1);
    probabilities = wanted.exp();
    negative_entropy = (probabilities * wanted).sum(-1);
    known = unknown.logical_not().index_select(0, said.targets).to(torch::kFloat32);
  }
  const auto chosen = torch::log_softmax(logits / temperature, -1);
  const auto divergence = negative_entropy - (probabilities * chosen).sum(-1);
  return (divergence * known).sum() / known.sum().clamp_min(1) * temperature * temperature;
}

torch::Tensor TeacherModel::tag_loss(const View& view, const torch::Tensor& scores) const {
  return torch::binary_cross_entropy_with_logits(scores.index_select(2, own_classes_), view.tags);
}

}  // namespace jetsoncaption
