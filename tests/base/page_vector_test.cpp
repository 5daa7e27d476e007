// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of arrays whose memory goes back to the system.
#include "base/page_vector.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

// Whether the program has anything at the page.
bool is_mapped(const void* address) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(address) / page * page;
  return msync(reinterpret_cast<void*>(begin), page, MS_ASYNC) == 0 || errno != ENOMEM;
}

// The heap grows over what it has learnt to be small, and a block behind keeps it from shrinking.
TEST(PageVector, GivesBigBlocksBackAtOnceHoweverTheHeapLies) {
  std::free(std::malloc(16 * kMegabyte));
  auto numbers = std::make_unique<PageVector<uint8_t>>(4 * kMegabyte, 7);
  const void* middle = numbers->data() + 2 * kMegabyte;
  const PageVector<uint8_t> behind(100, 1);
  ASSERT_TRUE(is_mapped(middle));
  numbers.reset();
  EXPECT_FALSE(is_mapped(middle));
}

TEST(PageVector, HoldsWhatIsPutIn) {
  PageVector<int> numbers;
  for (int i = 0; i < 100'000; ++i)  // from the heap, then from the system
    numbers.push_back(i);
  const PageVector<int> copy = numbers;
  for (size_t i = 0; i < copy.size(); ++i)
    ASSERT_EQ(copy[i], static_cast<int>(i));
}

TEST(PageVector, SaysThatThereIsNoMemoryAsEveryVectorDoes) {
  PageAllocator<int> allocator;
  EXPECT_THROW(allocator.allocate(std::numeric_limits<size_t>::max() / 8), std::bad_alloc);
  EXPECT_THROW(allocator.allocate(std::numeric_limits<size_t>::max()), std::bad_alloc);
}

}  // namespace
}  // namespace jetsoncaption
