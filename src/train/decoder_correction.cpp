// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets the full decoder say its sentences again and watches the inputs of its layers.
#include <map>
#include <string>

#include <torch/torch.h>

#include "train/correction.h"
#include "train/feature_store.h"
#include "train/least_squares.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kScoreSteps = 3;  // attention has many samples: every third word is enough

class DecoderCorrection {
 public:
  explicit DecoderCorrection(const Cut& cut)
      : cut_(cut),
        encoder_(cut.full_config.encoder, cut.full),
        decoder_(cut.full_config.decoder, cut.full) {}

  void watch(const DescribedPictures& said) {
    const auto features = encode_pictures(encoder_, cut_.full_config, said.pictures);
    const auto picture = decoder_.prepare(features, said.has_tags() ? &said.cells : nullptr);
    add("decoder.initial", picture.features.narrow(1, 0, picture.places));
    add("decoder.attention_feature", picture.features);
    if (said.has_tags()) {
      add("decoder.tag",
          torch::cat({decoder_.embed(said.cells.words), said.cells.probabilities.unsqueeze(-1)},
                     -1));
    }
    watch_words(said, picture);
  }

  void apply() {
    for (const auto& [layer, fit] : fits_) {
      const auto change = fit.solve();
      auto& weight = cut_.tensors.at(layer + ".weight");
      weight.add_(change.narrow(0, 0, weight.size(1)).t());
      const auto bias = cut_.tensors.find(bias_of(layer));
      if (bias != cut_.tensors.end())
        bias->second.add_(change[weight.size(1)]);
    }
  }

 private:
  // Where a constant can go. All scores of attention may be higher by the same.
  static std::string bias_of(const std::string& layer) {
    return layer == "decoder.attention_feature" ? "decoder.attention_state.bias" : layer + ".bias";
  }

  void watch_words(const DescribedPictures& said, const Decoder::Picture& picture) {
    auto hidden = decoder_.initial_hidden(picture).unsqueeze(1);
    for (int64_t t = 0; t < said.targets.size(2); ++t) {
      const auto alive =
          (said.targets.select(2, t).squeeze(1) != TokenIds().padding).nonzero().squeeze(1);
      if (alive.size(0) == 0)
        break;
      const auto words = decoder_.embed(said.inputs.select(2, t));
      const auto step = decoder_.advance(picture, words, hidden);
      const auto of_alive = [&](const torch::Tensor& values) {
        return values.index_select(0, alive);
      };
      for (const char* layer : {"decoder.attention_state", "decoder.gate", "decoder.gru_state"})
        add(layer, of_alive(hidden));
      if (t % kScoreSteps == 0) {
        const auto query = torch::linear(hidden, cut_.full.at("decoder.attention_state.weight"),
                                         cut_.full.at("decoder.attention_state.bias"));
        add("decoder.attention_score", of_alive(torch::tanh(picture.keys + query)));
      }
      add("decoder.gru_input", of_alive(torch::cat({words, step.context}, -1)));
      add("decoder.output", of_alive(torch::cat({step.hidden, step.context, words}, -1)));
      hidden = step.hidden;
    }
  }

  // What the inputs that were taken away gave is to come from the others.
  void add(const std::string& layer, const torch::Tensor& inputs) {
    const std::string name = layer + ".weight";
    if (!cut_.entries.are_fewer(name, 1))
      return;
    const auto all = inputs.flatten(0, -2);
    const auto kept = all.index_select(1, cut_.entries.along(name, 1));
    const auto rows = cut_.full.at(name).index_select(0, cut_.entries.along(name, 0));
    const auto uncorrected = rows.index_select(1, cut_.entries.along(name, 1));
    fits_[layer].add(kept, torch::linear(all, rows) - torch::linear(kept, uncorrected));
  }

  const Cut& cut_;
  const Encoder encoder_;
  const Decoder decoder_;
  std::map<std::string, LeastSquares> fits_;
};

}  // namespace

void correct_decoder(const Cut& cut, const DescribedPictures& described,
                     const ProgressReport& progress) {
  DecoderCorrection correction(cut);
  for (int64_t i = 0; i < described.size(); i += kBatch) {
    const int64_t count = std::min(kBatch, described.size() - i);
    correction.watch(described.range(i, count));
    progress("correcting the decoder", static_cast<int>(i + count),
             static_cast<int>(described.size()));
  }
  correction.apply();
}

}  // namespace jetsoncaption
