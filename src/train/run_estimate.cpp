// SPDX-License-Identifier: LGPL-2.1-or-later
// Times steps and multiplies.
#include "train/run_estimate.h"

#include <algorithm>
#include <chrono>

#include <torch/torch.h>

#include "train/feature_store.h"
#include "train/parameters.h"
#include "train/stage.h"
#include "train/stage_optimizer.h"

namespace jetsoncaption {
namespace {

using Clock = std::chrono::steady_clock;

// Of the second time: the first one finds no memory and no plans for the shapes.
template <typename Work>
double seconds_of(Work&& work) {
  work();
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double step_seconds(Stage stage, const TrainOptions& options, const BatchLoss& loss,
                    const NamedTensors& parameters, const torch::Tensor& batch) {
  NamedTensors copies = copy_tensors(parameters);
  StageOptimizer optimizer(stage, options, copies);
  return seconds_of([&] { optimizer.step(loss.compute(stage, copies, nullptr, batch), 0); });
}

}  // namespace

double estimate_seconds(const TrainOptions& options, const Material& material,
                        const BatchLoss& loss, const NamedTensors& parameters) {
  const int64_t size = std::min(options.batch, material.train.size());
  const auto batch = torch::arange(size, torch::kInt64);
  double measured = 0;  // pictures that are captioned after each epoch
  for (const Dataset& dev : material.dev)
    measured += dev.size();
  const Encoder encoder(material.config.encoder, parameters);
  const double encoding =
      seconds_of([&] {
        encode_pictures(encoder, material.config, material.train.pictures.select(batch));
      }) /
      static_cast<double>(size);

  double total = 0;
  for (const Stage stage : kStages) {
    const int epochs = stage_options(options, stage).epochs;
    if (epochs == 0)
      continue;
    double picture =
        step_seconds(stage, options, loss, parameters, batch) / static_cast<double>(size);
    const bool frozen = !trains_encoder(options, stage);
    if (keeps_features(options, stage)) {
      // Encoded once and not in each step.
      picture = std::max(picture - encoding, 0.0);
      total += encoding * options.views * material.train.size();
    }
    total += epochs * (picture * material.train.size() + (frozen ? 0 : encoding * measured));
  }
  return total;
}

}  // namespace jetsoncaption
