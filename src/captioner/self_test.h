// SPDX-License-Identifier: LGPL-2.1-or-later
// The self-test of a bundle: what its model says of pictures that a formula makes.
//
// Some LibTorch builds for Jetson boards compute wrongly without saying so. A bundle therefore
// stores greedy captions of one or two pictures, and whoever loads it compares.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/bundle.h"
#include "captioner/caption_network.h"

namespace jetsoncaption {

struct SelfTestResult {
  bool is_absent = false;  // the bundle stores nothing for this precision
  std::string difference;  // "picture 3 gives \"a cat\" instead of \"a dog <end>\""; empty: none
};

// Describes the pictures of the bundle's self-test, until one differs. `precision` is that of the
// arithmetic: "fp32", "fp16" or "int8". May throw what the network throws.
SelfTestResult run_self_test(CaptionNetwork& network, const Bundle& bundle,
                             const std::string& precision);

// Describes every test picture in each precision of the bundle, with all the kernels that this
// machine has for it, chooses the pictures to compare and writes them into config.json. NotFound,
// CorruptModel, OutOfMemory, Internal, and Unsupported when no picture is fit for it.
Result<std::vector<SelfTestPicture>> write_self_test(const std::string& directory);

}  // namespace jetsoncaption
