// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test of a bundle: what its model says of pictures that a formula makes.
//
// Some LibTorch builds for Jetson boards compute wrongly without saying so. A bundle therefore
// stores greedy captions of one or two pictures, and whoever loads it compares.
#pragma once

#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "captioner/caption_network.h"
#include "captioner/captioner.h"

namespace jetsoncaption {

struct SelfTestResult {
  bool is_absent = false;  // the bundle stores nothing for this precision
  std::string difference;  // "picture 3 gives \"a cat\" instead of \"a dog <end>\""; empty: none
};

// Describes the pictures of the bundle's self-test, until one differs. `precision` is that of the
// arithmetic: not Auto. May throw what the network throws.
SelfTestResult run_self_test(CaptionNetwork& network, const Bundle& bundle, Precision precision);

// What a network says of a picture of the formula.
struct SelfTestAnswer {
  std::vector<int> tokens;  // greedy, the end included unless it was cut
  float margin = 0;         // by how much each of them was the likeliest, in log-probability
};
SelfTestAnswer answer_test_picture(CaptionNetwork& network, const ModelConfig& config, int picture);

constexpr float kMostSelfTestMargin = 100;  // a finite number, for JSON

}  // namespace jetsoncaption
