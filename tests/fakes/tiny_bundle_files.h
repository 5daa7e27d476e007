// SPDX-License-Identifier: LGPL-2.1-or-later
// The tiny bundle on disk, for tests that open it.
#pragma once

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "bundle/bundle.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"

namespace jetsoncaption {

class TinyBundleFiles {
 public:
  explicit TinyBundleFiles(bool tagged = false) {
    const auto written = tagged ? write_tiny_tagged_bundle(directory_.path(), 1)
                                : write_tiny_bundle(directory_.path(), 1);
    EXPECT_TRUE(written.ok()) << written.error().message;
  }

  // nullptr, and a failure of the test, when it cannot be opened.
  std::unique_ptr<Bundle> open(WeightFile file) const {
    auto opened = open_bundle(directory_.path(), file);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? std::make_unique<Bundle>(std::move(opened.value())) : nullptr;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace jetsoncaption
