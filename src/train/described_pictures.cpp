// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads pictures and draws sentences.
#include "train/described_pictures.h"

#include <algorithm>

#include <torch/torch.h>

#include "image/shrinker.h"
#include "train/feature_store.h"
#include "train/sequence.h"
#include "train/tag_cells.h"
#include "train/tag_training.h"

namespace jetsoncaption {
namespace {

constexpr int64_t kBatch = 16;
constexpr int kMaxWords = 20;

// Sentences [N, 1, T] of batches, of which each has its own longest one.
torch::Tensor join(const std::vector<torch::Tensor>& batches) {
  int64_t longest = 0;
  for (const auto& batch : batches)
    longest = std::max(longest, batch.size(2));
  std::vector<torch::Tensor> padded;
  for (const auto& batch : batches) {
    padded.push_back(
        torch::constant_pad_nd(batch, {0, longest - batch.size(2)}, TokenIds().padding));
  }
  return torch::cat(padded);
}

}  // namespace

DescribedPictures DescribedPictures::range(int64_t first, int64_t count) const {
  DescribedPictures part;
  part.pictures = pictures.narrow(0, first, count);
  part.inputs = inputs.narrow(0, first, count);
  part.targets = targets.narrow(0, first, count);
  if (has_tags()) {
    part.cells = {cells.words.narrow(0, first, count), cells.probabilities.narrow(0, first, count)};
    part.named = named.narrow(0, first, count);
  }
  return part;
}

Result<torch::Tensor> read_squashed(const std::vector<std::string>& paths,
                                    const ModelConfig& config, const PictureReader& read,
                                    const ProgressReport& progress) {
  const auto count = static_cast<int64_t>(paths.size());
  auto pictures = torch::empty({count, config.input_height, config.input_width, 3}, torch::kUInt8);
  Shrinker shrinker;
  for (int64_t i = 0; i < count; ++i) {
    auto picture = read(paths[static_cast<size_t>(i)], {config.input_width, config.input_height});
    if (!picture.ok())
      return picture.error();
    auto shrunk = shrinker.shrink_to(picture.value().view(), config.input_width,
                                     config.input_height, pictures[i].data_ptr<uint8_t>());
    if (!shrunk.ok())
      return shrunk.error();
    progress("reading pictures", static_cast<int>(i + 1), static_cast<int>(count));
  }
  return pictures.permute({0, 3, 1, 2}).contiguous();
}

DescribedPictures describe_pictures(const torch::Tensor& pictures, const ModelConfig& config,
                                    const NamedTensors& tensors, const std::vector<int>& tag_words,
                                    const ProgressReport& progress) {
  const torch::NoGradGuard no_gradients;
  const Encoder encoder(config.encoder, tensors);
  const Decoder decoder(config.decoder, tensors);
  const bool has_tags = config.tags.classes > 0;
  std::vector<torch::Tensor> sentences, words, probabilities, named;
  int done = 0;
  for (const auto& batch : pictures.split(kBatch)) {
    const auto features = encode_pictures(encoder, config, batch);
    TagCells cells;
    if (has_tags) {
      const auto scores =
          Tagger(tensors, config.grid_width(), config.grid_height()).logits(features);
      cells = likeliest_cells(scores, tag_words, config.tags.cells);
      words.push_back(cells.words);
      probabilities.push_back(cells.probabilities);
      named.push_back(torch::bernoulli(torch::sigmoid(joined_scores(scores))));
    }
    const auto picture = decoder.prepare(features, has_tags ? &cells : nullptr);
    sentences.push_back(write_sentences(decoder, picture, 1, kMaxWords, 1));
    done += static_cast<int>(batch.size(0));
    progress("describing pictures", done, static_cast<int>(pictures.size(0)));
  }
  DescribedPictures result;
  result.pictures = pictures;
  result.targets = join(sentences);
  const auto start = torch::full({pictures.size(0), 1, 1}, TokenIds().start, torch::kInt64);
  result.inputs = torch::cat({start, result.targets.narrow(2, 0, result.targets.size(2) - 1)}, 2);
  if (has_tags) {
    result.cells = {torch::cat(words), torch::cat(probabilities)};
    result.named = torch::cat(named);
  }
  return result;
}

}  // namespace jetsoncaption
