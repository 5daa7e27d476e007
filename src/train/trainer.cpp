// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the stages: schedule, optimiser, running mean, measuring, checkpoints.
#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "model/bundle.h"
#include "model/torch_runtime.h"
#include "train/augment.h"
#include "train/feature_cache.h"
#include "train/parameters.h"
#include "train/reward.h"
#include "train/sequence.h"

#include <malloc.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

constexpr int kSentences = 5;         // of each picture in a batch
constexpr double kWarmUpShare = 0.1;  // of the steps of a stage
constexpr double kGradientLimit = 5.0;
constexpr double kWeightDecay = 1e-4;
constexpr int kFeatureViews = 2;  // plain and mirrored
constexpr int kDevBatch = 100;

enum class Stage { Decoder, Joint, Reward };
constexpr Stage kStages[] = {Stage::Decoder, Stage::Joint, Stage::Reward};

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::Decoder:
      return "decoder";
    case Stage::Joint:
      return "joint";
    case Stage::Reward:
      return "reward";
  }
  return "";
}

// One cycle: linear warm-up, then half a cosine down to zero.
double schedule(double progress) {
  if (progress < kWarmUpShare)
    return progress / kWarmUpShare;
  return 0.5 * (1 + std::cos(M_PI * (progress - kWarmUpShare) / (1 - kWarmUpShare)));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

size_t content_hash(const torch::Tensor& tensor) {
  const auto values = tensor.detach().contiguous();
  return std::hash<std::string_view>()(
      {static_cast<const char*>(values.data_ptr()), values.nbytes()});
}

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

class Trainer {
 public:
  Trainer(const TrainOptions& options, ModelConfig config, Vocabulary vocabulary, Dataset train,
          Dataset dev, NamedTensors parameters, ProgressReport progress,
          std::function<void(const std::string&)> epoch_done)
      : options_(options),
        config_(std::move(config)),
        vocabulary_(std::move(vocabulary)),
        train_(std::move(train)),
        dev_(std::move(dev)),
        parameters_(std::move(parameters)),
        reward_(train_.references),
        progress_(std::move(progress)),
        epoch_done_(std::move(epoch_done)) {}

  Result<void> run() {
    if (!options_.resume)
      forget_checkpoints();
    for (const Stage stage : kStages) {
      if (stage_options(stage).epochs == 0)
        continue;
      auto done = run_stage(stage);
      if (!done.ok())
        return done;
    }
    return write_bundle();
  }

 private:
  const StageOptions& stage_options(Stage stage) const {
    return stage == Stage::Decoder ? options_.decoder
           : stage == Stage::Joint ? options_.joint
                                   : options_.reward;
  }

  std::string work_file(const std::string& name) const { return options_.work + "/" + name; }
  std::string best_file(Stage stage) const {
    return work_file(std::string("best-") + stage_name(stage) + ".safetensors");
  }

  bool trains(Stage stage, const std::string& name) const {
    return stage == Stage::Joint || name.compare(0, 8, "decoder.") == 0;
  }

  torch::optim::AdamW make_optimizer(Stage stage) {
    std::vector<torch::Tensor> decoder;
    std::vector<torch::Tensor> encoder;
    for (auto& [name, tensor] : parameters_) {
      tensor.requires_grad_(trains(stage, name));
      if (trains(stage, name))
        (name.compare(0, 8, "decoder.") == 0 ? decoder : encoder).push_back(tensor);
    }
    using Options = torch::optim::AdamWOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(
        decoder,
        std::make_unique<Options>(
            Options(stage_options(stage).decoder_learning_rate).weight_decay(kWeightDecay)));
    if (!encoder.empty()) {
      groups.emplace_back(
          encoder,
          std::make_unique<Options>(
              Options(stage_options(stage).encoder_learning_rate).weight_decay(kWeightDecay)));
    }
    return torch::optim::AdamW(std::move(groups), Options());
  }

  void set_learning_rates(torch::optim::AdamW& optimizer, Stage stage, double factor) const {
    auto& groups = optimizer.param_groups();
    groups[0].options().set_lr(stage_options(stage).decoder_learning_rate * factor);
    if (groups.size() > 1)
      groups[1].options().set_lr(stage_options(stage).encoder_learning_rate * factor);
  }

  torch::Tensor batch_features(Stage stage, const torch::Tensor& cache,
                               const torch::Tensor& indices) const {
    if (stage == Stage::Joint) {
      const auto pictures = vary_pictures(train_.pictures.index_select(0, indices), Variation());
      return Encoder(config_.encoder, parameters_)
          .forward(
              normalize_pictures(pictures, config_).contiguous(torch::MemoryFormat::ChannelsLast));
    }
    const auto views = torch::randint(cache.size(0), {indices.size(0)}, torch::kInt64);
    return cache.index({views, indices}).to(torch::kFloat32);
  }

  std::vector<const std::vector<Words>*> batch_references(const torch::Tensor& indices) const {
    std::vector<const std::vector<Words>*> references;
    for (int64_t i = 0; i < indices.size(0); ++i) {
      references.push_back(&train_.references[static_cast<size_t>(indices[i].item<int64_t>())]);
    }
    return references;
  }

  torch::Tensor batch_loss(Stage stage, const torch::Tensor& cache, const torch::Tensor& indices) {
    const auto features = batch_features(stage, cache, indices);
    const DecoderPrecision precision(options_.bfloat16);
    const Decoder decoder(config_.decoder, parameters_);
    const auto picture = decoder.prepare(features);
    if (stage == Stage::Reward)
      return reward_.loss(decoder, picture, indices, kSentences, options_.max_words,
                          options_.reward_temperature, vocabulary_);
    const auto sentences =
        encode_sentences(batch_references(indices), kSentences, options_.max_words, vocabulary_);
    const auto scores =
        score_sentences(decoder, picture, sentences.inputs, sentences.targets, options_.dropout);
    namespace functional = torch::nn::functional;
    return functional::cross_entropy(
        scores.logits, scores.targets,
        functional::CrossEntropyFuncOptions().label_smoothing(options_.label_smoothing));
  }

  // Takes all probability from the tokens that are never written. The reward stage never draws
  // them, so nothing would keep it from pushing probability there, away from the words it draws.
  void silence_special_tokens() {
    constexpr float kNever = -1e4F;
    const torch::NoGradGuard no_gradients;
    const TokenIds tokens;
    for (const int token : {tokens.padding, tokens.start, tokens.unknown})
      parameters_.at("decoder.word.bias")[token] = kNever;
  }

  void update_average(double decay) {
    const torch::NoGradGuard no_gradients;
    for (auto& [name, tensor] : average_)
      tensor.lerp_(parameters_.at(name), 1 - decay);
  }

  // Mean loss over the epoch.
  double run_epoch(Stage stage, int epoch, const torch::Tensor& cache,
                   torch::optim::AdamW& optimizer) {
    torch::manual_seed(options_.seed + 1000 * static_cast<uint64_t>(stage) +
                       static_cast<uint64_t>(epoch));
    const auto order = torch::randperm(train_.size(), torch::kInt64);
    const auto batches = order.split(options_.batch);
    const double steps = static_cast<double>(batches.size()) * stage_options(stage).epochs;
    const std::string what = std::string(stage_name(stage)) + " epoch " +
                             std::to_string(epoch + 1) + "/" +
                             std::to_string(stage_options(stage).epochs);
    double total = 0;
    for (size_t i = 0; i < batches.size(); ++i) {
      const double step = static_cast<double>(batches.size()) * epoch + static_cast<double>(i);
      set_learning_rates(optimizer, stage, schedule(step / steps));
      const auto loss = batch_loss(stage, cache, batches[i]);
      optimizer.zero_grad();
      loss.backward();
      for (auto& group : optimizer.param_groups())
        torch::nn::utils::clip_grad_norm_(group.params(), kGradientLimit);
      optimizer.step();
      // Young weights change fast, so the mean forgets faster at first.
      update_average(std::min(options_.average_decay, (1 + step) / (10 + step)));
      total += loss.item<double>();
      progress_(what + ", loss " + std::to_string(total / static_cast<double>(i + 1)),
                static_cast<int>(i + 1), static_cast<int>(batches.size()));
    }
    return total / static_cast<double>(batches.size());
  }

  // Greedy captions of the dev pictures with the mean weights.
  CaptionScores measure(const torch::Tensor& dev_features) const {
    const torch::NoGradGuard no_gradients;
    const Decoder decoder(config_.decoder, average_);
    std::vector<CaptionPair> pairs;
    for (const auto& batch : dev_features.split(kDevBatch)) {
      const auto written =
          write_sentences(decoder, decoder.prepare(batch), 1, options_.max_words, 0);
      for (int64_t i = 0; i < written.size(0); ++i)
        pairs.push_back({words_of(written[i][0], vocabulary_), dev_.references[pairs.size()]});
    }
    return evaluate_captions(pairs);
  }

  Result<void> run_stage(Stage stage) {
    const std::string name = stage_name(stage);
    const int epochs = stage_options(stage).epochs;
    if (stage == Stage::Reward)
      silence_special_tokens();
    auto optimizer = make_optimizer(stage);
    average_ = copy_tensors(parameters_);
    double best = -1;
    int epoch = 0;
    auto resumed = resume(name, optimizer, epoch, best);
    if (!resumed.ok())
      return resumed;

    torch::Tensor cache;
    torch::Tensor dev_features;
    if (epoch < epochs && stage != Stage::Joint) {
      const Encoder encoder(config_.encoder, parameters_);
      cache = cached_features(work_file("features-" + name), cache_key(stage), encoder, config_,
                              train_.pictures, kFeatureViews, Variation(), progress_);
      dev_features = encode_pictures(encoder, config_, dev_.pictures);
    }
    for (; epoch < epochs; ++epoch) {
      const auto start = std::chrono::steady_clock::now();
      const double loss = run_epoch(stage, epoch, cache, optimizer);
      if (stage == Stage::Joint)
        dev_features = encode_pictures(Encoder(config_.encoder, average_), config_, dev_.pictures);
      const CaptionScores scores = measure(dev_features);
      if (scores.cider_d > best) {
        best = scores.cider_d;
        auto saved = save_tensors(best_file(stage), average_);
        if (!saved.ok())
          return saved;
      }
      auto saved = save_checkpoint(name, optimizer, epoch + 1, best);
      if (!saved.ok())
        return saved;
      log_epoch(name, epoch + 1, loss, scores, seconds_since(start));
    }
    return load_tensors(best_file(stage), parameters_);
  }

  // The features of a stage depend on the pictures, in their order, and on the encoder it starts
  // from.
  std::string cache_key(Stage stage) const {
    size_t encoder = 0;
    for (const auto& [name, tensor] : parameters_) {
      if (!trains(stage, name))
        encoder = 31 * encoder + content_hash(tensor);
    }
    return std::to_string(train_.size()) + " pictures " +
           std::to_string(content_hash(train_.pictures)) + ", " + std::to_string(kFeatureViews) +
           " views, encoder " + std::to_string(encoder);
  }

  Result<void> save_checkpoint(const std::string& stage, torch::optim::AdamW& optimizer, int epoch,
                               double best) const {
    NamedTensors tensors = parameters_;
    for (const auto& [name, tensor] : average_)
      tensors["average." + name] = tensor;
    auto saved = save_tensors(work_file("checkpoint-" + stage + ".safetensors"), tensors);
    if (!saved.ok())
      return saved;
    torch::save(optimizer, work_file("checkpoint-" + stage + ".optimizer"));
    const nlohmann::json state = {{"epoch", epoch}, {"best_cider_d", best}};
    return write_text_file(work_file("checkpoint-" + stage + ".json"), state.dump());
  }

  // Of an earlier run: a later --resume must not go on with a stage of it.
  void forget_checkpoints() const {
    for (const Stage stage : kStages) {
      const std::string name = std::string("checkpoint-") + stage_name(stage) + ".json";
      std::remove(work_file(name).c_str());
    }
  }

  // Leaves everything as it is when there is no checkpoint of this stage.
  Result<void> resume(const std::string& stage, torch::optim::AdamW& optimizer, int& epoch,
                      double& best) {
    std::ifstream file(work_file("checkpoint-" + stage + ".json"));
    if (!options_.resume || !file)
      return {};
    NamedTensors tensors = parameters_;
    for (const auto& [name, tensor] : average_)
      tensors["average." + name] = tensor;
    auto loaded = load_tensors(work_file("checkpoint-" + stage + ".safetensors"), tensors);
    if (!loaded.ok())
      return loaded;
    try {
      const auto state = nlohmann::json::parse(file);
      torch::load(optimizer, work_file("checkpoint-" + stage + ".optimizer"));
      epoch = state.at("epoch");
      best = state.at("best_cider_d");
    } catch (const std::exception&) {
      return Error{
          ErrorKind::CorruptModel,
          work_file("checkpoint-" + stage) +
              ".json or .optimizer is damaged; remove the first to train this stage again"};
    }
    return {};
  }

  void log_epoch(const std::string& stage, int epoch, double loss, const CaptionScores& scores,
                 double seconds) const {
    const nlohmann::json line = {{"stage", stage},
                                 {"epoch", epoch},
                                 {"loss", loss},
                                 {"dev_bleu", scores.bleu},
                                 {"dev_rouge_l", scores.rouge_l},
                                 {"dev_cider_d", scores.cider_d},
                                 {"seconds", seconds}};
    std::ofstream(work_file("log.jsonl"), std::ios::app) << line.dump() << '\n';
    epoch_done_(line.dump());
  }

  Result<void> write_bundle() const {
    mkdir(options_.output.c_str(), 0777);
    auto saved = save_tensors(options_.output + "/model.safetensors", parameters_);
    if (!saved.ok())
      return saved;
    saved = write_text_file(options_.output + "/vocabulary.txt", vocabulary_.to_text());
    if (!saved.ok())
      return saved;
    return write_text_file(options_.output + "/config.json", format_config(config_));
  }

  const TrainOptions& options_;
  const ModelConfig config_;
  const Vocabulary vocabulary_;
  const Dataset train_;
  const Dataset dev_;
  NamedTensors parameters_;
  NamedTensors average_;  // running mean of the parameters (Polyak and Juditsky 1992)
  SentenceReward reward_;
  const ProgressReport progress_;
  const std::function<void(const std::string&)> epoch_done_;
};

Vocabulary build_vocabulary(const Dataset& train, int min_count) {
  std::vector<Words> sentences;
  for (const auto& references : train.references)
    sentences.insert(sentences.end(), references.begin(), references.end());
  return Vocabulary::build(sentences, min_count);
}

// Weights of a bundle that was trained with the same words.
Result<void> load_start(const std::string& directory, const Vocabulary& vocabulary,
                        NamedTensors& parameters) {
  auto bundle = open_bundle(directory, WeightFile::Master);
  if (!bundle.ok())
    return bundle.error();
  if (bundle.value().vocabulary.to_text() != vocabulary.to_text()) {
    return Error{ErrorKind::InvalidArgument,
                 "The model in " + directory +
                     " knows other words than the training sentences have; start without it"};
  }
  return load_tensors(directory + "/model.safetensors", parameters);
}

Result<void> train_guarded(const TrainOptions& options, const PictureReader& read,
                           const ProgressReport& progress,
                           const std::function<void(const std::string&)>& epoch_done) {
  ModelConfig config;
  config.name = options.name;
  config.licence = options.licence;
  config.training_data = options.training_data;
  config.precisions = {"fp32"};
  config.quality_json = "{}";
  config.decoder = {options.feature_size, options.attention_size, options.embedding_size,
                    options.hidden_size};
  auto described = read_backbone_description(options.backbone, config);
  if (!described.ok())
    return described;

  auto train = load_dataset(options.images, options.captions, options.train_list,
                            config.input_width, config.input_height, read, progress);
  if (!train.ok())
    return train.error();
  auto dev = load_dataset(options.images, options.captions, options.dev_list, config.input_width,
                          config.input_height, read, progress);
  if (!dev.ok())
    return dev.error();

  Vocabulary vocabulary = build_vocabulary(train.value(), options.min_count);
  torch::manual_seed(options.seed);
  auto parameters = initial_parameters(options.backbone, config, vocabulary.size());
  if (!parameters.ok())
    return parameters.error();
  if (!options.start.empty()) {
    auto loaded = load_start(options.start, vocabulary, parameters.value());
    if (!loaded.ok())
      return loaded;
  }
  mkdir(options.work.c_str(), 0777);
  return Trainer(options, config, std::move(vocabulary), std::move(train.value()),
                 std::move(dev.value()), std::move(parameters.value()), progress, epoch_done)
      .run();
}

}  // namespace

Result<void> train(const TrainOptions& options, const PictureReader& read,
                   const ProgressReport& progress,
                   const std::function<void(const std::string&)>& epoch_done) {
  // Training frees and allocates the same large tensors in every step: keep them in the heap
  // instead of asking the system for zeroed pages each time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  use_threads(options.threads > 0 ? options.threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  Result<void> result;
  auto guarded = guard_torch([&] { result = train_guarded(options, read, progress, epoch_done); });
  return guarded.ok() ? result : guarded;
}

}  // namespace jetsoncaption
