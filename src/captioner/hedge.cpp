// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts the likeliest tags in the place of a doubtful sentence.
#include "captioner/hedge.h"

#include <string>

namespace jetsoncaption {
namespace {

constexpr double kLeastTag = 0.7;
constexpr int kMostTags = 3;

// In the place of the sentence.
void begin(Caption& caption) {
  caption.text = "perhaps:";
  caption.words.clear();
  caption.hedged = true;
  caption.truncated = false;
}

}  // namespace

void hedge(Caption& caption, double below) {
  if (caption.confidence >= below || caption.tags.empty() ||
      caption.tags.front().probability < kLeastTag)
    return;
  begin(caption);
  int tags = 0;
  for (const CaptionTag& tag : caption.tags) {
    if (tag.probability < kLeastTag || tags == kMostTags)
      break;
    caption.text += (tags == 0 ? " " : ", ") + tag.text;
    caption.confidence = tag.probability;
    ++tags;
  }
}

void say_nothing(Caption& caption, double below) {
  caption.confidence = 0;
  caption.tags.clear();
  if (below <= 0)
    return;
  begin(caption);
  caption.text += " nothing";
}

}  // namespace jetsoncaption
