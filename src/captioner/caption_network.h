// SPDX-License-Identifier: LGPL-2.1-or-later
// What the captioner drives: a network that looks at a picture, then scores words for it.
#pragma once

#include <cstdint>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/tag_windows.h"
#include "search/step_scorer.h"

namespace jetsoncaption {

class CaptionNetwork : public StepScorer {
 public:
  // Encodes a picture and returns to the state before the first word. RGB pixels, 8 bits a channel,
  // of the input size of the bundle's config.json, without padding between the rows. May throw what
  // LibTorch throws.
  virtual void look_at(const uint8_t* rgb) = 0;

  // All nouns of the model's tags, likeliest first, or none where it has no tags. The decoder is
  // shown the first tags.cells of them.
  virtual const std::vector<Tag>& tags() const = 0;

  // Which kernels compute: "torch" in the precision of the weights, "torch-fp32" in fp32 with fp16
  // weights, "dequantized" in fp32 with int8 weights, or "int8-" and the instruction set that int8
  // arithmetic uses, for example "int8-avx2".
  virtual const char* kernels() const = 0;
};

}  // namespace jetsoncaption
