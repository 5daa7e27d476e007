// SPDX-License-Identifier: LGPL-2.1-or-later
// A library leaves the process of its host as it found it.
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include <gtest/gtest.h>

#include "torch/torch_runtime.h"

#include <dlfcn.h>
#include <sys/prctl.h>

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

// Linux 6.3 can forbid it by itself, as systemd does with seccomp.
TEST(GuardTorch, NamesExecutableMemoryThatIsForbidden) {
  constexpr int kForbid = 65;  // PR_SET_MDWE, with PR_MDWE_REFUSE_EXEC_GAIN
  constexpr int kNotKnown = 2;
  const auto exit_code = [] {
    if (prctl(kForbid, 1UL, 0UL, 0UL, 0UL) != 0)
      return kNotKnown;
    const auto done = guard_torch([] { throw std::runtime_error("no primitive"); });
    return !done.ok() && done.error().message.find("executable memory") != std::string::npos ? 0
                                                                                             : 1;
  };
  EXPECT_EXIT(
      std::exit(exit_code()),
      [](int status) {
        return testing::ExitedWithCode(0)(status) || testing::ExitedWithCode(kNotKnown)(status);
      },
      "");
}

}  // namespace
}  // namespace jetsoncaption
