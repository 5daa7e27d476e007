// SPDX-License-Identifier: LGPL-2.1-or-later
// Cross-entropy of what people wrote, or the reward for what the decoder writes.
#include "train/batch_loss.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "train/augment.h"
#include "train/sequence.h"

namespace jetsoncaption {
namespace {

constexpr int kSentences = 5;  // of each picture in a batch

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

BatchLoss::BatchLoss(const TrainOptions& options, const Material& material)
    : options_(options), material_(material), reward_(material.train.references) {}

torch::Tensor BatchLoss::features(Stage stage, const NamedTensors& parameters,
                                  const torch::Tensor& cache, const torch::Tensor& indices) const {
  if (trains_encoder(options_, stage)) {
    const auto pictures =
        vary_pictures(material_.train.pictures.index_select(0, indices), Variation());
    return Encoder(material_.config.encoder, parameters)
        .forward(normalize_pictures(pictures, material_.config)
                     .contiguous(torch::MemoryFormat::ChannelsLast));
  }
  const auto views = torch::randint(cache.size(0), {indices.size(0)}, torch::kInt64);
  return cache.index({views, indices}).to(torch::kFloat32);
}

std::vector<const std::vector<Words>*> BatchLoss::references(const torch::Tensor& indices) const {
  std::vector<const std::vector<Words>*> chosen;
  for (int64_t i = 0; i < indices.size(0); ++i) {
    chosen.push_back(&material_.train.references[static_cast<size_t>(indices[i].item<int64_t>())]);
  }
  return chosen;
}

torch::Tensor BatchLoss::compute(Stage stage, const NamedTensors& parameters,
                                 const torch::Tensor& cache, const torch::Tensor& indices) const {
  const auto encoded =
      torch::dropout(features(stage, parameters, cache, indices), options_.feature_dropout, true);
  const DecoderPrecision precision(options_.bfloat16);
  const Decoder decoder(material_.config.decoder, parameters);
  const auto picture = decoder.prepare(encoded);
  if (stage == Stage::Reward) {
    return reward_.loss(decoder, picture, indices, kSentences, options_.max_words,
                        options_.reward_temperature, options_.dropout, material_.vocabulary);
  }
  const auto sentences =
      encode_sentences(references(indices), kSentences, options_.max_words, material_.vocabulary);
  const auto scores =
      score_sentences(decoder, picture, sentences.inputs, sentences.targets, options_.dropout);
  namespace functional = torch::nn::functional;
  return functional::cross_entropy(
      scores.logits, scores.targets,
      functional::CrossEntropyFuncOptions().label_smoothing(options_.label_smoothing));
}

}  // namespace jetsoncaption
