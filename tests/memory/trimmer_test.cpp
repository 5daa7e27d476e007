// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of giving the C library's free memory back.
#include "memory/trimmer.h"

#include <cstdlib>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
constexpr bool kHeapIsGlibc = false;
#else
constexpr bool kHeapIsGlibc = true;
#endif

TEST(Trimmer, ReturnsWhatWasFreeInTheHeap) {
  // Valgrind brings its own heap, too.
  if (!kHeapIsGlibc || std::getenv("LD_PRELOAD") != nullptr)
    GTEST_SKIP() << "the heap is not glibc's";
  constexpr size_t kBlockBytes = 1000;  // small enough to come from the heap, not from mmap
  constexpr size_t kBlocks = 64 * 1024;
  std::vector<std::unique_ptr<char[]>> blocks;
  for (size_t i = 0; i < kBlocks; ++i)
    blocks.push_back(std::make_unique<char[]>(kBlockBytes));
  // The last block stays, so free() by itself cannot shorten the heap.
  blocks.erase(blocks.begin(), blocks.end() - 1);
  blocks.shrink_to_fit();

  const uint64_t returned = trim_process_memory();

  // Pages in which something else lies are not returned; half is far below what glibc achieves.
  EXPECT_GE(returned, kBlockBytes * kBlocks / 2);
}

TEST(Trimmer, TrimmingTwiceFindsLittle) {
  trim_process_memory();
  EXPECT_LT(trim_process_memory(), 16U * 1024 * 1024);
}

TEST(Trimmer, ArenasCanBeLimited) {
  EXPECT_EQ(limit_malloc_arenas(2), kHeapIsGlibc);
}

TEST(Trimmer, LessThanOneArenaIsRefused) {
  EXPECT_FALSE(limit_malloc_arenas(0));
  EXPECT_FALSE(limit_malloc_arenas(-1));
}

}  // namespace
}  // namespace jetsoncaption
