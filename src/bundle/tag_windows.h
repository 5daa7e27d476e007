// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the classifier looks for things, and which of the nouns it finds are the likeliest.
#pragma once

#include <vector>

namespace jetsoncaption {

// A part of the encoder's grid, in cells.
struct TagWindow {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// The whole grid, then its four quarters, which overlap in the middle row and column where the
// sides are odd.
std::vector<TagWindow> tag_windows(int grid_width, int grid_height);

// A noun that a picture may show.
struct Tag {
  int word = 0;           // its id in the vocabulary
  float probability = 0;  // that it is there
};

// The nouns of a picture, likeliest first; of equal ones the earlier class. `scores` [W, T] are
// those of each window's classes, before the logistic function; `tag_words` [T] the noun of each
// class, or -1. A noun is as likely as the likeliest of its classes.
std::vector<Tag> sort_tags(const std::vector<float>& scores, const std::vector<int>& tag_words);

}  // namespace jetsoncaption
