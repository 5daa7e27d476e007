// SPDX-License-Identifier: LGPL-2.1-or-later
// The benchmark's pictures and its view of the machine.
#include "tools/bench_setup.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(BenchPicture, HasTheSizeThatWasAskedFor) {
  const Image image = make_bench_picture(64, 36, 0);

  EXPECT_EQ(image.width, 64);
  EXPECT_EQ(image.height, 36);
  EXPECT_EQ(image.pixels.size(), size_t{64} * 36 * 3);
}

TEST(BenchPicture, DependsOnNothingButItsNumber) {
  EXPECT_EQ(make_bench_picture(64, 36, 1).pixels, make_bench_picture(64, 36, 1).pixels);
  EXPECT_NE(make_bench_picture(64, 36, 1).pixels, make_bench_picture(64, 36, 2).pixels);
}

TEST(DescribeMachine, FindsAProcessorAndMemory) {
  const MachineDescription machine = describe_machine();

  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_GE(machine.cores, 1);
  EXPECT_GT(machine.memory_mb, 1);
}

TEST(PeakMemory, KnowsOfMemoryThatWasGivenBack) {
  constexpr size_t kBytes = 64 << 20;
  const double before_mb = peak_memory_mb();
  if (before_mb == 0)
    GTEST_SKIP() << "this kernel does not count it";
  { const std::string block(kBytes, 'x'); }
  EXPECT_GT(peak_memory_mb(), before_mb + 50);
}

}  // namespace
}  // namespace jetsoncaption
