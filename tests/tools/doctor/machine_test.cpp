// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's files are read as they are on boards and PCs.
#include "tools/doctor/machine.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

constexpr char kNanoCpuinfo[] =
    "processor\t: 0\nmodel name\t: ARMv8 Processor rev 1 (v8l)\nBogoMIPS\t: 38.40\n"
    "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32\nCPU implementer\t: 0x41\n"
    "CPU part\t: 0xd07\n\nprocessor\t: 1\nFeatures\t: fp asimd\n";

TEST(CpuFeatures, AreThoseOfTheFirstProcessor) {
  EXPECT_EQ(cpu_features(kNanoCpuinfo),
            (std::vector<std::string>{"fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2",
                                      "crc32"}));
}

TEST(CpuFeatures, AreNoneWhereTheKernelListsNone) {
  EXPECT_TRUE(cpu_features("processor\t: 0\nflags\t\t: fpu vme de\n").empty());
  EXPECT_TRUE(cpu_features("Features\n").empty());
  EXPECT_TRUE(cpu_features("").empty());
}

TEST(SwapTotal, IsInMegabytes) {
  EXPECT_EQ(swap_total_mb("MemTotal:  4059264 kB\nSwapTotal:       2029616 kB\n"), 1982U);
  EXPECT_EQ(swap_total_mb("SwapTotal:             0 kB\n"), 0U);
}

TEST(SwapTotal, MayBeUnknown) {
  EXPECT_EQ(swap_total_mb("MemTotal:  4059264 kB\n"), std::nullopt);
  EXPECT_EQ(swap_total_mb("SwapTotal: much\n"), std::nullopt);
  EXPECT_EQ(swap_total_mb(""), std::nullopt);
}

TEST(MappedFile, IsFoundByTheBeginningOfItsName) {
  const std::string maps =
      "7f00-7f01 r-xp 00000000 fe:00 1   /usr/lib/libc.so.6\n"
      "7f02-7f03 rw-p 00000000 00:00 0 \n"
      "7f02-7f03 r-xp 00000000 fe:00 2   "
      "/usr/lib/python3/dist-packages/torch/lib/libtorch_cpu.so\n";
  EXPECT_EQ(mapped_file(maps, "libtorch_cpu.so"),
            "/usr/lib/python3/dist-packages/torch/lib/libtorch_cpu.so");
  EXPECT_EQ(mapped_file(maps, "libtorch_cuda.so"), "");
  EXPECT_EQ(mapped_file("", "libtorch_cpu.so"), "");
}

}  // namespace
}  // namespace jetsoncaption
