// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds pictures that show what a sentence names, and joins them in the grid.
#include "train/picture_bank.h"

#include <algorithm>

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

constexpr int kTries = 12;  // pictures that are looked at to find one that shows much of a sentence

int random_below(int limit) {
  return static_cast<int>(torch::randint(limit, {1}, torch::kInt64).item<int64_t>());
}

bool has(const std::vector<int>& sorted, int value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

// A part of the grid, at least a third and at most two thirds of it, along one side.
struct Part {
  bool columns = false;
  int first = 0;
  int count = 0;
};

Part random_part(int width, int height) {
  Part part;
  part.columns = random_below(2) == 1;
  const int side = part.columns ? width : height;
  const int least = std::max(side / 3, 1);
  part.count = std::min(least + random_below(std::max(side / 3, 1) + 1), side);
  part.first = random_below(2) == 1 ? 0 : side - part.count;
  return part;
}

}  // namespace

PictureBank::PictureBank(const Dataset& dataset, const TagNouns& nouns, int grid_width,
                         int grid_height, int channels)
    : nouns_(nouns),
      grid_width_(grid_width),
      grid_height_(grid_height),
      channels_(channels),
      is_known_(static_cast<size_t>(dataset.size()), 0),
      pictures_(static_cast<size_t>(nouns.classes())) {
  for (int picture = 0; picture < dataset.size(); ++picture) {
    std::vector<int> shown;
    for (const Words& sentence : dataset.references[static_cast<size_t>(picture)]) {
      const std::vector<int> named = nouns.named(sentence);
      shown.insert(shown.end(), named.begin(), named.end());
    }
    std::sort(shown.begin(), shown.end());
    shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
    for (const int found : shown)
      pictures_[static_cast<size_t>(found)].push_back(picture);
    classes_.push_back(std::move(shown));
  }
}

void PictureBank::remember(const torch::Tensor& indices, const torch::Tensor& features) {
  const torch::NoGradGuard no_gradients;
  if (!features_.defined()) {
    features_ = torch::empty(
        {static_cast<int64_t>(is_known_.size()), grid_width_ * grid_height_, channels_},
        torch::kFloat16);
  }
  features_.index_put_({indices}, features.detach().to(torch::kFloat16));
  for (int64_t i = 0; i < indices.size(0); ++i) {
    char& known = is_known_[static_cast<size_t>(indices[i].item<int64_t>())];
    known_ += known ? 0 : 1;
    known = 1;
  }
}

// Of some random pictures that show the rarest of the wanted classes, the one that shows most of
// them; -1 when there is none.
int PictureBank::find_picture(const std::vector<int>& wanted) const {
  const std::vector<int>* rarest = nullptr;
  for (const int one : wanted) {
    const auto& pictures = pictures_[static_cast<size_t>(one)];
    if (!pictures.empty() && (!rarest || pictures.size() < rarest->size()))
      rarest = &pictures;
  }
  int best = -1;
  int64_t most = 0;
  for (int i = 0; rarest && i < kTries; ++i) {
    const int picture =
        (*rarest)[static_cast<size_t>(random_below(static_cast<int>(rarest->size())))];
    if (!is_known_[static_cast<size_t>(picture)])
      continue;
    const auto& classes = classes_[static_cast<size_t>(picture)];
    const int64_t shown =
        std::count_if(wanted.begin(), wanted.end(), [&](int one) { return has(classes, one); });
    if (shown > most) {
      most = shown;
      best = picture;
    }
  }
  return best;
}

PictureBank::Patchwork PictureBank::compose(const std::vector<const Words*>& sentences,
                                            double empty) const {
  const torch::NoGradGuard no_gradients;
  Patchwork work;
  const auto count = static_cast<int64_t>(sentences.size());
  work.features = torch::zeros({count, grid_height_, grid_width_, channels_});
  for (int64_t i = 0; i < count; ++i) {
    std::vector<int> missed = nouns_.named(*sentences[static_cast<size_t>(i)]);
    std::vector<int> shown;
    const bool has_places = torch::rand({1}).item<double>() >= empty;
    for (int layer = 0; layer < 2 && has_places && !missed.empty(); ++layer) {
      const int picture = find_picture(missed);
      if (picture < 0)
        break;
      const auto places = features_[picture].view({grid_height_, grid_width_, -1});
      if (layer == 0) {
        work.features[i].copy_(places);
      } else {
        const Part part = random_part(grid_width_, grid_height_);
        const int64_t side = part.columns ? 1 : 0;
        work.features[i]
            .narrow(side, part.first, part.count)
            .copy_(places.narrow(side, part.first, part.count));
      }
      const auto& classes = classes_[static_cast<size_t>(picture)];
      const auto split =
          std::partition(missed.begin(), missed.end(), [&](int one) { return !has(classes, one); });
      shown.insert(shown.end(), split, missed.end());
      missed.erase(split, missed.end());
    }
    work.shown.push_back(std::move(shown));
    work.missed.push_back(std::move(missed));
  }
  work.features = work.features.flatten(1, 2);
  return work;
}

}  // namespace jetsoncaption
