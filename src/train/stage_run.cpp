// SPDX-License-Identifier: LGPL-2.1-or-later
// The loop over epochs: steps, running mean, measuring, checkpoint, log.
#include "train/stage_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "base/text.h"
#include "text/metrics.h"
#include "train/augment.h"
#include "train/checkpoint.h"
#include "train/feature_store.h"
#include "train/parameters.h"
#include "train/sequence.h"
#include "train/special_tokens.h"
#include "train/stage_optimizer.h"
#include "train/tag_cells.h"

namespace jetsoncaption {
namespace {

constexpr double kUntrueWeight = 0.25;
constexpr int kDevBatch = 100;
constexpr size_t kManySentences = 3;

using Clock = std::chrono::steady_clock;

std::string best_file(const TrainOptions& options, Stage stage) {
  return options.work + "/best-" + stage_name(stage) + ".safetensors";
}

class StageRun {
 public:
  // `begun_on` is the content_hash() of what the stage before left.
  StageRun(Stage stage, const Training& training, NamedTensors& parameters, std::string begun_on)
      : stage_(stage),
        training_(training),
        options_(training.options),
        material_(training.material),
        epochs_(stage_options(training.options, stage).epochs),
        parameters_(parameters),
        optimizer_(stage, training.options, parameters),
        average_(copy_tensors(parameters)),
        checkpoint_(training.options.work, stage) {
    progress_.begun_on = std::move(begun_on);
  }

  Result<void> run() {
    if (options_.resume) {
      auto loaded = load_checkpoint();
      if (!loaded.ok())
        return loaded;
    }
    if (!is_done() && !trains_encoder(options_, stage_)) {
      encode_dev(parameters_);
      auto done = keeps_features(options_, stage_) ? compute_features() : Result<void>();
      if (!done.ok())
        return done;
    }
    if (!is_done())
      training_.loss.prepare(stage_, parameters_, training_.progress);
    while (!is_done()) {
      auto done = run_epoch();
      if (!done.ok())
        return done;
    }
    return load_tensors(best_file(options_, stage_), parameters_);
  }

 private:
  // One that began on other weights is of no use any more: an earlier stage has learnt more since,
  // or was added or left out.
  Result<void> load_checkpoint() {
    const auto stored = checkpoint_.progress();
    if (!stored.ok())
      return stored.error();
    if (stored.value().epochs == 0 || stored.value().begun_on == progress_.begun_on)
      return checkpoint_.load(parameters_, average_, optimizer_.adam(), progress_);
    if (training_.notice) {
      training_.notice(
          std::string("The stage '") + stage_name(stage_) +
          "' is trained anew: the weights that it begins with are not those that its " +
          std::to_string(stored.value().epochs) + " epochs in " + options_.work + " began with.");
    }
    return {};
  }

  bool is_done() const {
    const bool hopeless =
        options_.patience > 0 && progress_.epochs - progress_.best_epoch >= options_.patience;
    return progress_.epochs >= epochs_ || hopeless;
  }

  std::string work_file(const std::string& name) const { return options_.work + "/" + name; }

  // The encoder stays as it is, so it needs to look at each picture only once.
  Result<void> compute_features() {
    torch::manual_seed(1);  // so that varied views depend on nothing that the key does not name
    const Encoder encoder(material_.config.encoder, parameters_);
    auto made = FeatureStore::make(work_file("features"), cache_key(), encoder, material_.config,
                                   material_.train.pictures, options_.views, Variation(),
                                   training_.progress);
    if (!made.ok())
      return made.error();
    cache_ = std::move(made.value());
    return {};
  }

  void encode_dev(const NamedTensors& weights) {
    const Encoder encoder(material_.config.encoder, weights);
    dev_features_.clear();
    for (const Dataset& dev : material_.dev)
      dev_features_.push_back(encode_pictures(encoder, material_.config, dev.pictures));
  }

  // The features of a stage depend on the pictures, in their order, and on the encoder it starts
  // from.
  std::string cache_key() const {
    NamedTensors encoder;
    for (const auto& [name, tensor] : parameters_) {
      if (starts_with(name, "encoder."))
        encoder.emplace(name, tensor);
    }
    return std::to_string(material_.train.size()) + " pictures " +
           std::to_string(material_.train.pictures.content_hash()) + ", " +
           std::to_string(options_.views) + " views, encoder " + content_hash(encoder);
  }

  Result<void> run_epoch() {
    const auto start = Clock::now();
    const auto seen = see_every_picture();
    if (!seen.ok())
      return seen.error();
    if (trains_encoder(options_, stage_))
      encode_dev(average_);
    const std::vector<CaptionScores> scores = measure();
    const double worth = worth_of(scores);
    if (progress_.epochs == 0)
      checkpoint_.remove();  // one that was not used, whose files are written over from here on
    if (worth > progress_.best_worth) {
      progress_.best_worth = worth;
      progress_.best_epoch = progress_.epochs + 1;
      auto saved = save_tensors(best_file(options_, stage_), average_);
      if (!saved.ok())
        return saved;
    }
    ++progress_.epochs;
    auto saved = checkpoint_.save(parameters_, average_, optimizer_.adam(), progress_);
    if (!saved.ok())
      return saved;
    const std::chrono::duration<double> taken = Clock::now() - start;
    training_.log.add(stage_, progress_.epochs, seen.value(), scores, taken.count());
    return {};
  }

  // In an order that only the seed, the stage and the epoch decide. Returns the mean loss; Internal
  // when it is no number any more.
  Result<double> see_every_picture() {
    const int epoch = progress_.epochs;
    torch::manual_seed(options_.seed + 1000 * static_cast<uint64_t>(stage_) +
                       static_cast<uint64_t>(epoch));
    const std::vector<torch::Tensor> batches = draw_batches();
    const double steps = static_cast<double>(batches.size()) * epochs_;
    const std::string what = std::string(stage_name(stage_)) + " epoch " +
                             std::to_string(epoch + 1) + "/" + std::to_string(epochs_);
    double total = 0;
    for (size_t i = 0; i < batches.size(); ++i) {
      const double step = static_cast<double>(batches.size()) * epoch + static_cast<double>(i);
      const auto loss = training_.loss.compute(stage_, parameters_, cache_.get(), batches[i]);
      const double value = loss.item<double>();
      if (!std::isfinite(value))
        return no_number(value, epoch, i);
      optimizer_.step(loss, step / steps);
      // Young weights change fast, so the mean forgets faster at first.
      update_average(std::min(options_.average_decay, (1 + step) / (10 + step)));
      total += value;
      training_.progress(what + ", loss " + std::to_string(total / static_cast<double>(i + 1)),
                         static_cast<int>(i + 1), static_cast<int>(batches.size()));
    }
    return total / static_cast<double>(batches.size());
  }

  // The last checkpoint is of the epoch before, and would only lead here again.
  Error no_number(double loss, int epoch, size_t step) const {
    const std::string stage = stage_name(stage_);
    return {ErrorKind::Internal,
            "The loss is " + std::to_string(loss) + " in step " + std::to_string(step + 1) +
                " of epoch " + std::to_string(epoch + 1) + " of the stage '" + stage +
                "', so nothing more can be learnt; begin anew in another --work with lower "
                "learning rates than --" +
                stage + "-rate " + format_rate(stage_options(options_, stage_))};
  }

  static std::string format_rate(const StageOptions& stage) {
    std::ostringstream text;
    text << stage.decoder_learning_rate;
    if (stage.encoder_learning_rate > 0)
      text << " (and " << stage.encoder_learning_rate << " of the encoder)";
    return text.str();
  }

  // Pictures with many sentences and those with few apart, so that a batch is filled by either.
  std::vector<torch::Tensor> draw_batches() const {
    std::array<std::vector<int64_t>, 2> groups;
    for (int picture = 0; picture < material_.train.size(); ++picture) {
      const auto at = static_cast<size_t>(picture);
      auto& group = groups[material_.train.references[at].size() < kManySentences ? 0 : 1];
      group.push_back(picture);
    }
    std::vector<torch::Tensor> batches;
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto pictures = torch::tensor(groups[i], torch::kInt64);
      const auto order = torch::randperm(pictures.size(0), torch::kInt64);
      const int64_t size = i == 0 ? 2 * options_.batch : options_.batch;
      for (const auto& batch : pictures.index_select(0, order).split(size)) {
        if (batch.size(0) > 0)
          batches.push_back(batch);
      }
    }
    std::vector<torch::Tensor> shuffled;
    const auto order = torch::randperm(static_cast<int64_t>(batches.size()), torch::kInt64);
    for (size_t i = 0; i < batches.size(); ++i)
      shuffled.push_back(
          batches[static_cast<size_t>(order[static_cast<int64_t>(i)].item<int64_t>())]);
    return shuffled;
  }

  void update_average(double decay) {
    const torch::NoGradGuard no_gradients;
    for (auto& [name, tensor] : average_)
      tensor.lerp_(parameters_.at(name), 1 - decay);
  }

  static double worth_of(const std::vector<CaptionScores>& scores) {
    double sum = 0;
    for (const CaptionScores& set : scores)
      sum += set.cider_d - kUntrueWeight * set.untrue;
    return sum / static_cast<double>(scores.size());
  }

  // Greedy captions of the dev pictures with the mean weights.
  std::vector<CaptionScores> measure() const {
    std::vector<CaptionScores> scores;
    for (size_t set = 0; set < material_.dev.size(); ++set)
      scores.push_back(measure(dev_features_[set], material_.dev[set].references));
    return scores;
  }

  CaptionScores measure(const torch::Tensor& features,
                        const std::vector<std::vector<Words>>& references) const {
    const torch::NoGradGuard no_gradients;
    const Decoder decoder(material_.config.decoder, average_);
    std::vector<CaptionPair> pairs;
    for (const auto& batch : features.split(kDevBatch)) {
      const auto written =
          write_sentences(decoder, prepare(decoder, batch), 1, options_.max_words, 0);
      for (int64_t i = 0; i < written.size(0); ++i)
        pairs.push_back({words_of(written[i][0], material_.vocabulary), references[pairs.size()]});
    }
    return evaluate_captions(pairs);
  }

  Decoder::Picture prepare(const Decoder& decoder, const torch::Tensor& features) const {
    if (material_.tag_words.empty())
      return decoder.prepare(features);
    const Tagger tagger(average_, material_.config.grid_width(), material_.config.grid_height());
    const TagCells cells =
        likeliest_cells(tagger.logits(features), material_.tag_words, options_.tag_cells);
    return decoder.prepare(features, &cells);
  }

  const Stage stage_;
  const Training& training_;
  const TrainOptions& options_;
  const Material& material_;
  const int epochs_;
  NamedTensors& parameters_;
  StageOptimizer optimizer_;
  NamedTensors average_;  // running mean of the parameters (Polyak and Juditsky 1992)
  const Checkpoint checkpoint_;
  StageProgress progress_;
  std::unique_ptr<FeatureStore> cache_;  // of the training pictures; null where the encoder changes
  std::vector<torch::Tensor> dev_features_;  // of each dev set
};

}  // namespace

Result<void> keep_beginnings(const TrainOptions& options, const NamedTensors& first) {
  NamedTensors weights = copy_tensors(first);
  for (const Stage stage : kStages) {
    if (stage_options(options, stage).epochs == 0)
      continue;
    const Checkpoint checkpoint(options.work, stage);
    const auto progress = checkpoint.progress();
    if (!progress.ok())
      return progress.error();
    if (progress.value().epochs == 0)
      continue;
    if (progress.value().begun_on.empty()) {
      auto kept = checkpoint.keep_beginning(content_hash(weights));
      if (!kept.ok())
        return kept;
    }
    if (!load_tensors(best_file(options, stage), weights).ok())
      break;  // the stage says so
  }
  return {};
}

Result<void> run_stage(Stage stage, const Training& training, NamedTensors& parameters) {
  std::string begun_on = content_hash(parameters);
  if (stage == Stage::Reward)
    silence_special_tokens(parameters);
  else
    unsilence_special_tokens(parameters);  // those of a bundle that a reward stage has made
  return StageRun(stage, training, parameters, std::move(begun_on)).run();
}

}  // namespace jetsoncaption
