// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the teacher, and fits a logistic regression for each class.
#include "train/tag_training.h"

#include <fstream>
#include <sstream>
#include <string>

#include <torch/torch.h>

#include "bundle/safetensors.h"
#include "torch/weights.h"
#include "train/augment.h"
#include "train/parameters.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kFitBatch = 128;
constexpr int kFitPasses = 25;
constexpr double kFitRate = 2e-3;
constexpr double kFitDecay = 0.15;

// The class of our nouns of each of the teacher's, or -1.
Result<std::vector<int64_t>> read_noun_table(const std::string& path, const TagNouns& nouns) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line))
    return Error{ErrorKind::NotFound, path + " cannot be read; name a table of class, label, noun"};
  std::vector<int64_t> table;
  while (std::getline(file, line)) {
    const size_t tab = line.rfind('\t');
    const std::string noun = tab == std::string::npos ? "" : line.substr(tab + 1);
    table.push_back(nouns.find(noun));
  }
  return table;
}

// Encodes pictures and returns for each [N, W, classes] the teacher's probabilities.
class TeacherNetwork {
 public:
  static Result<TeacherNetwork> open(const Teacher& teacher) {
    TeacherNetwork network;
    auto described = read_backbone_description(teacher.backbone, network.config_);
    if (!described.ok())
      return described.error();
    auto encoder = SafetensorsFile::open(teacher.backbone);
    if (!encoder.ok())
      return encoder.error();
    for (const auto& [name, tensor] : fp32_tensors(encoder.value()))
      network.tensors_["encoder." + name] = tensor.clone();
    auto classifier = SafetensorsFile::open(teacher.classifier);
    if (!classifier.ok())
      return classifier.error();
    const NamedTensors stored = fp32_tensors(classifier.value());
    if (stored.count("classifier.weight") == 0 || stored.count("classifier.bias") == 0) {
      return Error{ErrorKind::InvalidArgument,
                   teacher.classifier + " has no classifier.weight and classifier.bias"};
    }
    network.tensors_["tags.weight"] = stored.at("classifier.weight").clone();
    network.tensors_["tags.bias"] = stored.at("classifier.bias").clone();
    return network;
  }

  int64_t classes() const { return tensors_.at("tags.bias").numel(); }

  torch::Tensor probabilities(const torch::Tensor& pictures) const {
    const Encoder encoder(config_.encoder, tensors_);
    const Tagger tagger(tensors_, config_.grid_width(), config_.grid_height());
    const auto input = normalize_pictures(pictures, config_);
    return torch::softmax(
        tagger.logits(encoder.forward(input.contiguous(torch::MemoryFormat::ChannelsLast))), -1);
  }

 private:
  ModelConfig config_;
  NamedTensors tensors_;
};

Result<void> ask_teacher(const Dataset& dataset, const TagNouns& nouns, const Teacher& teacher,
                         const ProgressReport& progress, torch::Tensor& targets) {
  auto network = TeacherNetwork::open(teacher);
  if (!network.ok())
    return network.error();
  auto table = read_noun_table(teacher.nouns, nouns);
  if (!table.ok())
    return table.error();
  if (static_cast<int64_t>(table.value().size()) != network.value().classes()) {
    return Error{ErrorKind::InvalidArgument,
                 teacher.nouns + " has " + std::to_string(table.value().size()) + " classes, but " +
                     teacher.classifier + " " + std::to_string(network.value().classes())};
  }
  // Sums the teacher's classes of each noun.
  auto sums = torch::zeros({network.value().classes(), nouns.classes()});
  for (size_t i = 0; i < table.value().size(); ++i) {
    if (table.value()[i] >= 0)
      sums[static_cast<int64_t>(i)][table.value()[i]] = 1;
  }
  for (int64_t i = 0; i < dataset.size(); i += kBatch) {
    const int64_t size = std::min<int64_t>(kBatch, dataset.size() - i);
    const auto windows =
        torch::matmul(network.value().probabilities(dataset.pictures.range(i, size)), sums);
    const auto joined = (windows.select(1, 0) + std::get<0>(windows.max(1))) / 2;
    auto rows = targets.narrow(0, i, size);
    rows.copy_(torch::maximum(rows, joined));
    progress("asking the teacher", static_cast<int>(i + size), dataset.size());
  }
  return {};
}

}  // namespace

Result<torch::Tensor> tag_targets(const Dataset& dataset, const TagNouns& nouns,
                                  const Teacher& teacher, const ProgressReport& progress) {
  const torch::NoGradGuard no_gradients;
  auto targets = torch::zeros({dataset.size(), nouns.classes()});
  auto values = targets.accessor<float, 2>();
  for (int64_t i = 0; i < dataset.size(); ++i) {
    for (const Words& sentence : dataset.references[static_cast<size_t>(i)]) {
      for (const int named : nouns.named(sentence))
        values[i][named] = 1;
    }
  }
  if (!teacher.backbone.empty()) {
    auto asked = ask_teacher(dataset, nouns, teacher, progress, targets);
    if (!asked.ok())
      return asked.error();
  }
  return targets;
}

torch::Tensor joined_scores(const torch::Tensor& window_scores) {
  return (window_scores.select(1, 0) + std::get<0>(window_scores.max(1))) / 2;
}

torch::Tensor tag_loss(const torch::Tensor& scores, const torch::Tensor& targets) {
  return torch::binary_cross_entropy_with_logits(scores, targets);
}

void fit_tags(const torch::Tensor& means, const torch::Tensor& targets, NamedTensors& parameters,
              const ProgressReport& progress) {
  // Begins with every class as likely as it is on the whole.
  const auto shares = targets.mean(0).clamp(1e-4, 1 - 1e-4);
  auto weight = torch::zeros({targets.size(1), means.size(2)}).requires_grad_();
  auto bias = torch::log(shares / (1 - shares)).requires_grad_();
  torch::optim::AdamW adam({weight, bias},
                           torch::optim::AdamWOptions(kFitRate).weight_decay(kFitDecay));
  for (int pass = 0; pass < kFitPasses; ++pass) {
    adam.param_groups()[0].options().set_lr(kFitRate *
                                            (1.0 - pass / static_cast<double>(kFitPasses)));
    for (const auto& batch : torch::randperm(means.size(0), torch::kInt64).split(kFitBatch)) {
      adam.zero_grad();
      const auto scores = joined_scores(torch::linear(means.index_select(0, batch), weight, bias));
      (tag_loss(scores, targets.index_select(0, batch)) * targets.size(1)).backward();
      adam.step();
    }
    progress("fitting tags", pass + 1, kFitPasses);
  }
  const torch::NoGradGuard no_gradients;
  parameters.at("tags.weight").copy_(weight);
  parameters.at("tags.bias").copy_(bias);
}

}  // namespace jetsoncaption
