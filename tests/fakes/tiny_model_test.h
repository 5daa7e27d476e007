// SPDX-License-Identifier: LGPL-2.1-or-later
// For tests of captioners: a tiny bundle on disk, and options that name it.
#pragma once

#include <gtest/gtest.h>

#include "captioner/captioner.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"

namespace jetsoncaption {

class TinyModelTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(directory_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
    options_.model_dir = directory_.path();
    options_.threads = 1;
  }

  TemporaryDirectory directory_;
  CaptionerOptions options_;
};

}  // namespace jetsoncaption
