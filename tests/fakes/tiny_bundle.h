// SPDX-License-Identifier: LGPL-2.1-or-later
// A model bundle of a few kilobytes for tests: valid in every respect, but it has learned nothing.
#pragma once

#include <string>

#include "base/result.h"
#include "bundle/config.h"

namespace jetsoncaption {

// Five blocks with every shape a real encoder has (with and without expansion, stride 1 and 2,
// residual), a 64x64 input that gives a 2x2 grid, and sizes of 8 to 24.
ModelConfig tiny_config();

// The same as format 2: with tags of three nouns, of which the decoder is shown two, and a
// depthwise kernel of 5 at stride 2 and at stride 1.
ModelConfig tiny_tagged_config();

// config.json, vocabulary.txt, model.safetensors (fp32) and model-int8.safetensors. Makes the
// directory where it is missing; its parent must exist. The same seed gives the same bytes on every
// machine. The int8 weights are the fp32 ones, rounded. With seed 1 there is a self-test, which
// they pass; with others there is none.
Result<void> write_tiny_bundle(const std::string& directory, unsigned seed);

// The same of tiny_tagged_config(), with tags.txt and without a self-test.
Result<void> write_tiny_tagged_bundle(const std::string& directory, unsigned seed);

// The same of another config without tags.
Result<void> write_tiny_bundle_of(const std::string& directory, unsigned seed,
                                  const ModelConfig& config);

}  // namespace jetsoncaption
