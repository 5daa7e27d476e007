// SPDX-License-Identifier: LGPL-2.1-or-later
// A library leaves the process of its host as it found it.
#include <memory>

#include <gtest/gtest.h>

#include "torch/torch_runtime.h"

#include <dlfcn.h>

namespace jetsoncaption {
namespace {

class TorchSettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    get_ = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
    set_ = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
    if (get_ == nullptr || set_ == nullptr)
      GTEST_SKIP() << "another BLAS";
    set_(2);
  }
  int (*get_)() = nullptr;
  void (*set_)(int) = nullptr;
};

TEST_F(TorchSettingsTest, PutBackTheThreadsOfTheHost) {
  {
    const TorchSettings settings(1, false);
    EXPECT_EQ(get_(), 1);
  }
  EXPECT_EQ(get_(), 2);
}

TEST_F(TorchSettingsTest, PutThemBackWhenTheLastOneEnds) {
  auto first = std::make_unique<TorchSettings>(1, false);
  auto second = std::make_unique<TorchSettings>(3, false);
  EXPECT_EQ(get_(), 3);
  first.reset();
  EXPECT_EQ(get_(), 3) << "the second one still computes";
  second.reset();
  EXPECT_EQ(get_(), 2);
}

}  // namespace
}  // namespace jetsoncaption
