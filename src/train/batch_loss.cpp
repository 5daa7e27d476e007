// SPDX-License-Identifier: LGPL-2.1-or-later
// Cross-entropy of what people wrote, or the reward for what the decoder writes.
#include "train/batch_loss.h"

#include <utility>

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "train/augment.h"
#include "train/preparation.h"
#include "train/sequence.h"
#include "train/tag_cells.h"
#include "train/tag_training.h"

namespace jetsoncaption {
namespace {

constexpr int kSentences = 5;           // of each picture in a batch
constexpr double kWithoutPlaces = 0.2;  // of the sentences without pictures

// While it lives, matrix products are computed in bfloat16 if asked for; weights stay float32. Only
// for the decoder: backward convolutions are faster in float32.
class DecoderPrecision {
 public:
  explicit DecoderPrecision(bool bfloat16) { at::autocast::set_cpu_enabled(bfloat16); }
  ~DecoderPrecision() {
    at::autocast::clear_cache();
    at::autocast::set_cpu_enabled(false);
  }
  DecoderPrecision(const DecoderPrecision&) = delete;
  DecoderPrecision& operator=(const DecoderPrecision&) = delete;
};

}  // namespace

BatchLoss::BatchLoss(const TrainOptions& options, const Material& material, const TagNouns& nouns,
                     torch::Tensor tag_targets, PictureBank& bank, const TeacherModel* teacher)
    : options_(options),
      material_(material),
      nouns_(nouns),
      tag_targets_(std::move(tag_targets)),
      bank_(bank),
      reward_(material.train.references, options.untrue_penalty),
      teacher_(teacher) {}

BatchLoss::Seen BatchLoss::look(Stage stage, const NamedTensors& parameters,
                                const FeatureStore* cache, const torch::Tensor& indices) const {
  Seen seen;
  const bool trains = trains_encoder(options_, stage);
  if (!trains && cache != nullptr) {
    const auto views = torch::randint(cache->views(), {indices.size(0)}, torch::kInt64);
    seen.features = cache->select(views, indices);
    return seen;
  }
  const torch::AutoGradMode gradients(trains);
  const auto pictures = vary_pictures(material_.train.pictures.select(indices), Variation());
  seen.features = Encoder(material_.config.encoder, parameters)
                      .forward(normalize_pictures(pictures, material_.config)
                                   .contiguous(torch::MemoryFormat::ChannelsLast));
  if (teacher_ != nullptr && has_teacher(options_, stage))
    seen.teacher = teacher_->look(pictures);
  return seen;
}

std::vector<const std::vector<Words>*> BatchLoss::references(const torch::Tensor& indices) const {
  std::vector<const std::vector<Words>*> chosen;
  for (int64_t i = 0; i < indices.size(0); ++i) {
    chosen.push_back(&material_.train.references[static_cast<size_t>(indices[i].item<int64_t>())]);
  }
  return chosen;
}

torch::Tensor BatchLoss::words_loss(const Decoder& decoder, const Decoder::Picture& picture,
                                    const std::vector<const std::vector<Words>*>& references,
                                    int sentences, const TeacherModel::View* teacher) const {
  const auto encoded =
      encode_sentences(references, sentences, options_.max_words, material_.vocabulary);
  const auto scores =
      score_sentences(decoder, picture, encoded.inputs, encoded.targets, options_.dropout);
  namespace functional = torch::nn::functional;
  const auto loss = functional::cross_entropy(
      scores.logits, scores.targets,
      functional::CrossEntropyFuncOptions().label_smoothing(options_.label_smoothing));
  if (teacher == nullptr)
    return loss;
  return torch::lerp(loss,
                     teacher_->word_loss(*teacher, encoded.inputs, encoded.targets, scores.logits,
                                         options_.teacher_temperature),
                     options_.teacher_weight);
}

torch::Tensor BatchLoss::tags_loss(const torch::Tensor& scores, const torch::Tensor& indices,
                                   const TeacherModel::View* teacher) const {
  const auto loss = tag_loss(joined_scores(scores), tag_targets_.index_select(0, indices));
  if (teacher == nullptr || !teacher->tags.defined())
    return loss;
  return torch::lerp(loss, teacher_->tag_loss(*teacher, scores), options_.teacher_weight);
}

// The tags of a picture that shows what a sentence names are those that the classifier finds in
// it, and the sentence's own where nothing shows them.
torch::Tensor BatchLoss::text_loss(const NamedTensors& parameters) const {
  const auto chosen = torch::randint(static_cast<int64_t>(material_.sentences.size()),
                                     {options_.text_batch}, torch::kInt64);
  std::vector<const Words*> sentences;
  std::vector<std::vector<Words>> alone;
  for (int64_t i = 0; i < chosen.size(0); ++i) {
    sentences.push_back(&material_.sentences[static_cast<size_t>(chosen[i].item<int64_t>())]);
    alone.push_back({*sentences.back()});
  }
  std::vector<const std::vector<Words>*> references;
  for (const auto& one : alone)
    references.push_back(&one);

  PictureBank::Patchwork work = bank_.compose(sentences, kWithoutPlaces);
  TagCells cells;
  if (tag_targets_.defined()) {
    const torch::NoGradGuard no_gradients;
    const Tagger tagger(parameters, material_.config.grid_width(), material_.config.grid_height());
    cells = likeliest_cells(tagger.logits(work.features), material_.tag_words, options_.tag_cells);
    disturb(cells, material_.tag_words);
    add_classes(cells, work.missed, material_.tag_words);
  }
  const auto encoded = torch::dropout(work.features, options_.feature_dropout, true);
  const DecoderPrecision precision(options_.bfloat16);
  const Decoder decoder(material_.config.decoder, parameters);
  return words_loss(decoder, decoder.prepare(encoded, tag_targets_.defined() ? &cells : nullptr),
                    references, 1, nullptr);
}

bool BatchLoss::learns_sentences(Stage stage) const {
  return stage != Stage::Reward && material_.learns_sentences(options_);
}

void BatchLoss::prepare(Stage stage, const NamedTensors& parameters,
                        const ProgressReport& progress) const {
  if (learns_sentences(stage) && bank_.known() < material_.train.size())
    encode_all(material_, parameters, &bank_, progress);
}

torch::Tensor BatchLoss::compute(Stage stage, const NamedTensors& parameters,
                                 const FeatureStore* cache, const torch::Tensor& indices) const {
  const Seen seen = look(stage, parameters, cache, indices);
  const TeacherModel::View* teacher = seen.teacher ? &*seen.teacher : nullptr;
  torch::Tensor loss_of_tags;
  TagCells cells;
  if (tag_targets_.defined()) {
    const Tagger tagger(parameters, material_.config.grid_width(), material_.config.grid_height());
    const auto scores = tagger.logits(seen.features);
    cells = likeliest_cells(scores, material_.tag_words, options_.tag_cells);
    disturb(cells, material_.tag_words);
    if (trains_encoder(options_, stage))
      loss_of_tags = tags_loss(scores, indices, teacher);
  }
  torch::Tensor loss;
  {
    const auto encoded = torch::dropout(seen.features, options_.feature_dropout, true);
    const DecoderPrecision precision(options_.bfloat16);
    const Decoder decoder(material_.config.decoder, parameters);
    const auto picture = decoder.prepare(encoded, tag_targets_.defined() ? &cells : nullptr);
    if (stage == Stage::Reward) {
      loss = reward_.loss(decoder, picture, indices, kSentences, options_.max_words,
                          options_.reward_temperature, options_.dropout, material_.vocabulary);
    } else {
      loss = words_loss(decoder, picture, references(indices), kSentences, teacher);
    }
  }
  if (loss_of_tags.defined())
    loss = loss + options_.tag_weight * loss_of_tags;
  if (!learns_sentences(stage))
    return loss;
  bank_.remember(indices, seen.features);
  return loss + options_.text_weight * text_loss(parameters);
}

}  // namespace jetsoncaption
