// SPDX-License-Identifier: LGPL-2.1-or-later
// What the captioner drives: a network that looks at a picture, then scores words for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/bundle.h"
#include "search/step_scorer.h"

namespace jetsoncaption {

class CaptionNetwork : public StepScorer {
 public:
  // Encodes a picture and returns to the state before the first word. RGB pixels, 8 bits a channel,
  // of the input size of the bundle's config.json, without padding between the rows. May throw what
  // LibTorch and oneDNN throw.
  virtual void look_at(const uint8_t* rgb) = 0;

  // Which kernels compute: "torch", "onednn-int8" or "dequantized".
  virtual const char* kernels() const = 0;
};

// fp32 arithmetic on LibTorch. Weights stay in the mapped file when they are stored as fp32; fp16
// and int8 weights are converted tensor by tensor. The bundle must outlive the network.
std::unique_ptr<CaptionNetwork> make_torch_network(const Bundle& bundle);

// int8 arithmetic on oneDNN, for an int8 bundle. nullptr when this build or this processor has no
// fast int8 kernels. Keeps nothing of the bundle.
std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle);

}  // namespace jetsoncaption
