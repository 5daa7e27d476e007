// SPDX-License-Identifier: LGPL-2.1-or-later
// What a model that was trained on colours says of each.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "colours.h"
#include "torch/torch_captioner.h"

namespace jetsoncaption {

inline std::vector<std::string> caption_colours(const std::string& model, Precision precision) {
  CaptionerOptions options;
  options.model_dir = model;
  options.precision = precision;
  options.threads = 1;
  const auto captioner = load_torch_captioner(options);
  EXPECT_TRUE(captioner.ok()) << captioner.error().message;
  std::vector<std::string> captions;
  for (const Colour& colour : colours()) {
    const auto caption = captioner.value()->describe(colour_picture(colour).view(), {});
    EXPECT_TRUE(caption.ok()) << caption.error().message;
    captions.push_back(caption.value().text);
  }
  return captions;
}

}  // namespace jetsoncaption
