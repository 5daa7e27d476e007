// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins what the windows say of a picture, and sorts nouns by how likely they are.
#include "bundle/tag_windows.h"

#include <algorithm>
#include <unordered_map>

#include "base/plain_math.h"

namespace jetsoncaption {

std::vector<TagWindow> tag_windows(int grid_width, int grid_height) {
  const int width = (grid_width + 1) / 2;
  const int height = (grid_height + 1) / 2;
  const int right = grid_width - width;
  const int bottom = grid_height - height;
  return {{0, 0, grid_width, grid_height},
          {0, 0, width, height},
          {right, 0, width, height},
          {0, bottom, width, height},
          {right, bottom, width, height}};
}

std::vector<Tag> sort_tags(const std::vector<float>& scores, const std::vector<int>& tag_words) {
  const size_t classes = tag_words.size();
  std::vector<Tag> tags;
  std::unordered_map<int, size_t> places;  // in `tags`, of each noun
  for (size_t i = 0; i < classes; ++i) {
    if (tag_words[i] < 0)
      continue;
    float highest = scores[i];
    for (size_t at = i + classes; at < scores.size(); at += classes)
      highest = std::max(highest, scores[at]);
    // A thing fills a quarter more often by chance than the whole, so both have a say.
    const float score = (scores[i] + highest) / 2;
    const float probability = logistic(score);
    const auto place = places.emplace(tag_words[i], tags.size());
    if (place.second)
      tags.push_back({tag_words[i], probability});
    else
      tags[place.first->second].probability =
          std::max(tags[place.first->second].probability, probability);
  }
  std::stable_sort(tags.begin(), tags.end(),
                   [](const Tag& a, const Tag& b) { return a.probability > b.probability; });
  return tags;
}

}  // namespace jetsoncaption
